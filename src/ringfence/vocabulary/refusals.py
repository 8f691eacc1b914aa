"""Expected refusals, apart from bugs: a code with values; the sentence is made when it is read."""

from __future__ import annotations


class Refused(Exception):
    """Something that cannot be done, told as a code and values so that each reader sees it in her language.

    The sentence and what would mend it stand under the code in `vocabulary/words/*.toml`.
    """

    def __init__(self, code: str, /, **values: object) -> None:
        super().__init__(code, values)
        self.code = code
        self.values = values

    def __str__(self) -> str:
        from ringfence.vocabulary.words import sentence

        return sentence(self.code, self.values, "en")
