"""A recorded Kubeflow cluster that answers as it did: KFP, Kubernetes and their logs, from `data/`."""
