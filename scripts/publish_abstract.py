"""Copy a run's abstract into a folder of the source tree, and show it in README.md:

python scripts/publish_abstract.py results/abstract reports/first-answer README.md
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from linguist.errors import LinguistError
from linguist.report.abstract_folder import publish_abstract


def main(arguments):
    try:
        if len(arguments) != 3:
            raise LinguistError(
                "give three names: the abstract of a run, the folder to copy it to, and the page that shows it"
            )
        publish_abstract(*arguments)
    except LinguistError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
