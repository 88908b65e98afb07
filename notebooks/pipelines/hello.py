"""Three small tasks, one after the other: the pipeline behind “Run the example”.

Compile it with `kfp dsl compile --py hello.py --output hello.yaml`.
"""

from kfp import dsl


@dsl.component(base_image="python:3.12")
def pick_greeting() -> str:
    """Choose a word to begin with; it takes no input, so a second run has it from the cache."""
    import time

    time.sleep(0.5)  # slow enough to be watched
    print("Looking for a friendly word")
    return "Hello"


@dsl.component(base_image="python:3.12")
def say_hello(greeting: str, name: str) -> str:
    """Greet somebody."""
    import time

    time.sleep(0.5)
    text = f"{greeting}, {name}!"
    print(text)
    return text


@dsl.component(base_image="python:3.12")
def count_letters(text: str) -> int:
    """Count the letters of the greeting."""
    import time

    time.sleep(0.5)
    letters = sum(character.isalpha() for character in text)
    print(f"{text!r} has {letters} letters")
    return letters


@dsl.pipeline(name="hello-pipeline", description="Greets you in three small tasks.")
def hello(name: str = "world") -> int:
    """Greet `name` and return the number of letters."""
    greeting = pick_greeting()
    said = say_hello(greeting=greeting.output, name=name)
    return count_letters(text=said.output).output


if __name__ == "__main__":
    from kfp import compiler

    compiler.Compiler().compile(hello, __file__.replace(".py", ".yaml"))
