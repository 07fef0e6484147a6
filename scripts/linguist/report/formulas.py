"""The formulas on the methods page, each with its source and the function that computes it."""

import re
from dataclasses import dataclass
from pathlib import Path

from latex2mathml.converter import convert
from markupsafe import Markup

from linguist.intervals import LEVEL
from linguist.provenance import file_of
from linguist.statistics.scores import RESAMPLES

PERCENT = f"{100 * LEVEL:g} %"


@dataclass(frozen=True)
class Formula:
    """A formula in LaTeX, what its letters mean, who published it, and the library function that computes it.

    Raises LookupError for a function that does not exist: a formula that nothing computes must not reach the page. The
    function is looked up in its file and not imported, since the job that writes the page may lack a package.
    """

    name: str
    latex: str
    letters: str
    source: str
    function: str  # "statistics.comparisons.holm"

    def __post_init__(self):
        module, _, name = self.function.rpartition(".")
        path = file_of(f"linguist.{module}")
        if path is None or not re.search(rf"^def {name}\(", Path(path).read_text(encoding="utf-8"), re.M):
            raise LookupError(
                f"formula {self.name!r}: no function linguist.{self.function}; name the one that computes it"
            )

    @property
    def mathml(self):
        """The formula as a <math> element, which browsers show by themselves."""
        return Markup(convert(self.latex, display="block").replace(' xmlns="http://www.w3.org/1998/Math/MathML"', ""))


FORMULAS = [
    Formula(
        "accuracy",
        r"a=\frac{1}{n}\sum_{i=1}^{n}\left[\hat{y}_i=y_i\right]",
        "y: true class of each of the n items; ŷ: predicted class. A pair is predicted to be similar if the logit of class 1 exceeds the logit of class 0.",
        "",
        "statistics.scores.confusion_metrics",
    ),
    Formula(
        "F1",
        r"F_1=\frac{2\,\mathrm{TP}}{2\,\mathrm{TP}+\mathrm{FP}+\mathrm{FN}}",
        "TP, FP, TN, FN: true and false positives and negatives. Pair sets: F1 of class 1. Tasks: mean over all classes (macro F1). 0 if undefined.",
        "van Rijsbergen 1979",
        "statistics.scores.confusion_metrics",
    ),
    Formula(
        "MCC, two classes",
        r"\mathrm{MCC}=\frac{\mathrm{TP}\cdot\mathrm{TN}-\mathrm{FP}\cdot\mathrm{FN}}{\sqrt{(\mathrm{TP}+\mathrm{FP})(\mathrm{TP}+\mathrm{FN})(\mathrm{TN}+\mathrm{FP})(\mathrm{TN}+\mathrm{FN})}}",
        "Matthews correlation coefficient of a pair set. 0 if undefined.",
        "Matthews 1975",
        "statistics.scores.confusion_metrics",
    ),
    Formula(
        "MCC, K classes",
        r"R_K=\frac{c\,n-\sum_{k}p_k t_k}{\sqrt{(n^2-\sum_{k}p_k^2)(n^2-\sum_{k}t_k^2)}}",
        "c: correct items among n; p: items predicted as class k; t: items of class k. An answer that names no class counts as one more class. 0 if undefined.",
        "Gorodkin 2004",
        "statistics.scores.confusion_metrics",
    ),
    Formula(
        "Wilson interval of a proportion",
        r"\frac{1}{1+z^2/n}\left(\hat{p}+\frac{z^2}{2n}\pm z\sqrt{\frac{\hat{p}(1-\hat{p})}{n}+\frac{z^2}{4n^2}}\right)",
        f"p̂: accuracy of one run; z: normal quantile for {PERCENT}.",
        "Wilson 1927",
        "intervals.wilson",
    ),
    Formula(
        "AUROC",
        r"A=\frac{1}{mn}\sum_{i=1}^{m}\sum_{j=1}^{n}\left(\left[x_i>y_j\right]+\frac{1}{2}\left[x_i=y_j\right]\right)",
        "x: scores of the m positives; y: scores of the n negatives. The score is the logit of class 1 minus the logit of class 0.",
        "Hanley & McNeil 1982",
        "intervals.auroc_interval",
    ),
    Formula(
        "DeLong interval of AUROC",
        r"A\pm z\sqrt{\frac{s_X^2}{m}+\frac{s_Y^2}{n}}",
        "s²: variance of the share of negatives below each positive (X), and of the share of positives above each negative (Y). Cut to 0…1.",
        "DeLong, DeLong & Clarke-Pearson 1988",
        "intervals.auroc_interval",
    ),
    Formula(
        "bootstrap of F1 and MCC",
        r"(N_1,\dots,N_C)^{*}\sim\mathrm{Multinomial}\left(n,\frac{(N_1,\dots,N_C)}{n}\right)",
        f"N: counts in the C cells of the confusion matrix. {RESAMPLES:,} resamples of the n items; the interval is the percentile interval ({PERCENT}).",
        "Efron 1979",
        "statistics.scores.class_metrics",
    ),
    Formula(
        "mean over seeds",
        r"\bar{a}\pm\sqrt{t_{k-1}^2\frac{s^2}{k}+h^2}",
        f"s: standard deviation over k seeds; t: Student's quantile for {PERCENT}; h: half-width for the test items, which all seeds share (Wilson interval at the mean accuracy, or mean DeLong interval). With one seed the interval is h alone.",
        "Student 1908",
        "intervals.mean_interval",
    ),
    Formula(
        "paired difference",
        r"\bar{d}\pm\sqrt{t_{\nu}^2\left(\frac{1}{T}\sum_{j=1}^{T}\frac{s_j}{\sqrt{n_j}}\right)^2+t_{k-1}^2\frac{s^2}{k}}",
        "d: difference in accuracy of two methods on the same items and seeds, averaged over T tests. First term: variance over the n items of each test (pair sets: within labels, with ν = n − 2; tasks: ν = n − 1). Tests of pair sets may share items, so their standard errors are averaged; the items of tasks are independent, so their variances are averaged and divided by T. Second term: variance over k paired seeds; a baseline has one. p is the level at which the interval ends at 0.",
        "Student 1908",
        "statistics.comparisons.paired_difference",
    ),
    Formula(
        "hypothesis with several controls",
        r"p=\underset{r}{\max}\,p_r",
        "p with index r: p-value of the paired difference from control r, or 1 if the difference is not positive. The hypothesis is supported only if the model is better than all controls (intersection-union test), so their number needs no correction.",
        "Berger 1982",
        "statistics.comparisons.intersection_union",
    ),
    Formula(
        "Holm's correction",
        r"p'_{(j)}=\underset{i\le j}{\max}\,\min\left(1,\,(m-i+1)\,p_{(i)}\right)",
        "p: p-values of m hypotheses in ascending order. Controls the probability of any false positive among them.",
        "Holm 1979",
        "statistics.comparisons.holm",
    ),
    Formula(
        "similarity of two sequences",
        r"S=\frac{\text{identical aligned positions}}{\max(\ell_1,\ell_2)}",
        "ℓ: lengths of the two sequences. Positives: alignment by BLAST. Negatives: best local alignment with BLAST's default scores (affine gaps). The paper gives no formula.",
        "Smith & Waterman 1981",
        "sequences.alignment.similarity",
    ),
]
