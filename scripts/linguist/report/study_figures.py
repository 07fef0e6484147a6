"""The figures of a study's page, in its order. A new figure is a function `<name>_figure` in plots/study.py and a record here.

Light to import, since the rules read it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from linguist import layout
from linguist.config import design, inputs, plan

SEEDS_TO_PLOT = 3  # from which a spread shows
TESTS_TO_PLOT = 4  # up to which lines remain distinct


def _read_tables(files, settings):
    """The summary and the metrics of a study, from their file."""
    from linguist.statistics.summaries import summarize_pairs
    from linguist.statistics.tables import read_results

    metrics = read_results(files[0])
    return summarize_pairs(metrics), metrics


def _read_metrics(files, settings):
    return _read_tables(files, settings)[1:]


def _read_curves(files, curves):
    return *_read_tables(files, curves), {(key, group): places for key, group, places in curves}


def _read_confusions(files, settings):
    from linguist.report.plots.study import count_confusions
    from linguist.statistics.tables import read_scores

    runs = [(*run, path) for run, path in zip(settings["runs"], files, strict=True)]
    return (count_confusions(read_scores(settings["tests"], runs)),)


def _read_tests(files, kinds):
    from linguist.pairs.store import read_pairs

    return ({test: (kind, read_pairs(path)) for (test, kind), path in zip(kinds.items(), files, strict=True)},)


@dataclass(frozen=True)
class StudyFigure:
    """A figure of a study; the function `<name>_figure` of plots/study.py draws it.

    heading, caption: of its section on the page
    files: (config, study) to the files that it is drawn from
    settings: (config, study) to what else it depends on
    fits: (config, study) to whether the study has it
    read: (files, settings) to the arguments of its function
    """

    heading: str
    caption: str
    files: Callable = lambda config, study: [f"<results>/tables/{study}.metrics.tsv"]
    settings: Callable = lambda config, study: None
    fits: Callable = lambda config, study: True
    read: Callable = _read_tables


def figures_of(config, study):
    """The names of the figures that a study has."""
    return [name for name, figure in FIGURES.items() if figure.fits(config, study)]


def draw_figure(name, files, settings):
    """A figure of a study as a matplotlib Figure, from the files and settings that its record names."""
    from linguist.report.plots import study

    return getattr(study, f"{name}_figure")(*FIGURES[name].read(files, settings))


def has_readable_seeds(config, study):
    block = config["studies"][study]
    return len(block["seeds"]) >= SEEDS_TO_PLOT and len(block["tests"]) <= TESTS_TO_PLOT


def _tests(config, study):
    return config["studies"][study]["tests"]


FIGURES = {
    "accuracy": StudyFigure(
        "Accuracy on each test",
        "Mean accuracy over seeds with its 95 % interval (filled marker; hollow where seeds do opposite things), single "
        "seeds (dots; rings if constant), control conditions (small marks above) and majority-class accuracy (black bar). "
        "Controls should perform at chance if the hypothesis is true: the untrained model, training on shuffled or flipped "
        "labels, and random weights. The hypothesis is supported only if the model is significantly above the bar and all "
        "controls. A single good seed is not evidence.",
    ),
    "seeds": StudyFigure(
        "Accuracy by seed",
        "Accuracy of each run by seed, with mean ± standard deviation at the right. If accuracy varies strongly between "
        "seeds, a single run is not evidence; a paper that reports its best seed would report the highest point. Lines that "
        "rise and fall together show that seeds which are good on one test are good on the others. Hollow: the run gives "
        "nearly all pairs one answer. There is no mean where seeds do opposite things.",
        fits=has_readable_seeds,
        read=_read_metrics,
    ),
    "curves": StudyFigure(
        "Accuracy by divergence and length",
        "Accuracy (solid, with 95 % intervals) and AUROC (dotted) by divergence or length. The accuracy of a model that "
        "compares the two sequences decreases slowly with divergence. A model that uses a shortcut stays level, or stays at "
        "majority-class accuracy (dashed). Two points show a difference, not a trend. Dots are single seeds, rings constant "
        "ones. Where seeds rank pairs in opposite directions, the line of AUROC has a gap: a mean would describe none of them.",
        settings=lambda config, study: [[*curve, at] for curve, at in design.curves_of(config, study).items()],
        fits=lambda config, study: bool(design.curves_of(config, study)),
        read=_read_curves,
    ),
    "confusion": StudyFigure(
        "Confusion matrices",
        "Rows are the true label, columns the prediction; percentages are of the row. Counts are summed over seeds; where some "
        "seeds are constant, over the others. A good model is dark on the diagonal from the top left. One dark column means "
        "a constant prediction: its accuracy is the share of one class and shows no skill. Where seeds do opposite things, a "
        "sum would look like random guessing: their numbers stand in its place (all same or all different: constant seeds; "
        "rank or reversed: pairs ranked correctly or the wrong way round).",
        files=inputs.prediction_files,
        settings=lambda config, study: {"tests": _tests(config, study), "runs": plan.study_runs(config, study)},
        read=_read_confusions,
    ),
    "lengths": StudyFigure(
        "Sequence lengths",
        "Lengths of single sequences in pairs labelled different (filled) and same (line). The distributions should match. "
        "If they do not, length alone predicts the label.",
        files=lambda config, study: [layout.pair_splits(test)["test"] for test in _tests(config, study)],
        settings=lambda config, study: {test: config["pairsets"][test]["kind"] for test in _tests(config, study)},
        read=_read_tests,
    ),
}
