"""Train a classifier on scikit-learn's handwritten digits and evaluate it.

Compile it with `kfp dsl compile --py digits.py --output digits.yaml`.
"""

from kfp import dsl
from kfp.dsl import ClassificationMetrics, Dataset, Input, Metrics, Model, Output


@dsl.component(base_image="python:3.12", packages_to_install=["scikit-learn"])
def load(test_share: float, training: Output[Dataset], testing: Output[Dataset]):
    """Split the 1,797 images of 8 × 8 pixels into a part to learn from and a part to test with."""
    import numpy
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    parts = train_test_split(
        digits.data, digits.target, test_size=test_share, random_state=0, stratify=digits.target
    )
    for artifact, images, labels in ((training, parts[0], parts[2]), (testing, parts[1], parts[3])):
        with open(artifact.path, "wb") as file:
            numpy.savez(file, images=images, labels=labels)
        artifact.metadata["images"] = len(labels)
        print(f"{artifact.name}: {len(labels)} images")


@dsl.component(base_image="python:3.12", packages_to_install=["scikit-learn"])
def train(training: Input[Dataset], regularization: float, steps: int, model: Output[Model]):
    """Fit a logistic regression on the scaled pixels."""
    import pickle

    import numpy
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    data = numpy.load(training.path)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=1 / regularization, max_iter=steps))
    classifier.fit(data["images"], data["labels"])
    with open(model.path, "wb") as file:
        pickle.dump(classifier, file)
    model.metadata["framework"] = "scikit-learn"
    print(f"trained on {len(data['labels'])} images")


@dsl.component(base_image="python:3.12", packages_to_install=["scikit-learn"])
def evaluate(
    testing: Input[Dataset],
    model: Input[Model],
    metrics: Output[Metrics],
    confusion: Output[ClassificationMetrics],
) -> float:
    """Measure how well the digits that the model has not seen are read."""
    import pickle

    import numpy
    from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

    data = numpy.load(testing.path)
    with open(model.path, "rb") as file:
        guesses = pickle.load(file).predict(data["images"])
    accuracy = float(accuracy_score(data["labels"], guesses))
    metrics.log_metric("accuracy", accuracy)
    metrics.log_metric("f1", float(f1_score(data["labels"], guesses, average="macro")))
    confusion.log_confusion_matrix(
        [str(digit) for digit in range(10)], confusion_matrix(data["labels"], guesses).tolist()
    )
    print(f"accuracy {accuracy:.4f} on {len(guesses)} images")
    return accuracy


@dsl.pipeline(name="digits", description="Learns to read handwritten digits.")
def digits(regularization: float = 1.0, steps: int = 500, test_share: float = 0.25) -> float:
    """Load, train, evaluate; returns the accuracy."""
    data = load(test_share=test_share)
    trained = train(training=data.outputs["training"], regularization=regularization, steps=steps)
    return evaluate(testing=data.outputs["testing"], model=trained.outputs["model"]).outputs["Output"]


if __name__ == "__main__":
    from kfp import compiler

    compiler.Compiler().compile(digits, __file__.replace(".py", ".yaml"))
