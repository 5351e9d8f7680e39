"""Whether a command line of `locum` exists: its commands and options, as `--help` knows them."""
import re
import shlex
import subprocess

OPTION = re.compile(r"^ {2,10}(?:(-\w), )?(--[a-z][a-z-]*)", re.M)
NAME = re.compile(r"^  ([a-z][a-z-]*) ", re.M)


class Command:
    """A command with its options and the commands below it."""

    def __init__(self, binary: str, words: tuple[str, ...] = ()):
        text = subprocess.run([binary, *words, "--help"], capture_output=True, text=True, check=True).stdout
        self.words = words
        self.options = {option for pair in OPTION.findall(text) for option in pair if option}
        _, _, rest = text.partition("\nCommands:\n")
        names = NAME.findall(rest.partition("\n\n")[0] + "\n")
        self.below = {name: Command(binary, (*words, name)) for name in names if name != "help"}

    def flaw(self, words: list[str]) -> str:
        """What is wrong with the words behind this command, or nothing."""
        if words and words[0] in self.below:
            return self.below[words[0]].flaw(words[1:])
        plain = words and re.fullmatch(r"[a-z][a-z-]*", words[0])
        if plain and self.below and words[0] != "help":
            return f"`{' '.join(('locum', *self.words))}` has no command `{words[0]}`"
        for word in words:
            option = word.partition("=")[0]
            if re.match(r"--?[a-z]", option) and option not in self.options:
                return f"`{' '.join(('locum', *self.words))}` has no option `{option}`"
        return ""


def lines(text: str) -> list[list[str]]:
    """The words behind every `locum` that begins a command in this text."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        line = re.sub(r"^\s*[$#] ", "", line)
        for piece in re.split(r"&&|\|\||[|;]|\$\(|[<>]\(", line):
            try:
                words = shlex.split(piece, comments=True)
            except ValueError:
                words = piece.split()
            while words and re.match(r"(?:[A-Z_]+=|sudo$|exec$|ExecStart=)", words[0]) and len(words) > 1:
                words = words[1:]
            if words and words[0].rsplit("/")[-1] == "locum":
                found.append([re.sub(r"[)\]\"']+$", "", word) for word in words[1:]])
    return found
