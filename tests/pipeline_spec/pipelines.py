"""Compiled pipelines in small."""

from __future__ import annotations

SIMPLE = """\
pipelineInfo:
  name: train
root:
  dag:
    tasks:
      load: {taskInfo: {name: load}, componentRef: {name: comp-load}, cachingOptions: {enableCache: true}}
      fit:
        taskInfo: {name: fit}
        componentRef: {name: comp-load}
        inputs: {parameters: {x: {taskOutputParameter: {producerTask: load, outputParameterKey: Output}}}}
  inputDefinitions:
    parameters:
      epochs: {parameterType: NUMBER_INTEGER, defaultValue: 10.0, isOptional: true}
      lr: {parameterType: NUMBER_DOUBLE, isOptional: true}
      name: {parameterType: STRING}
      mode: {parameterType: STRING, defaultValue: fast, isOptional: true, literals: [fast, slow]}
      flag: {parameterType: BOOLEAN, isOptional: true}
      names: {parameterType: LIST, isOptional: true}
      options: {parameterType: STRUCT, isOptional: true}
components:
  comp-load: {executorLabel: exec-load}
deploymentSpec:
  executors:
    exec-load: {container: {image: "python:3.11", command: [echo]}}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.0
"""
PLATFORM = "platforms: {kubernetes: {deploymentSpec: {executors: {exec-load: {}}}}}\n"
