"""What scripts of the 1.8 SDK and its API client do, against the server at argv[1], token file argv[2].

Run by the Python of an environment with kfp 1.8.22: its pins do not go together with ours.
"""

import sys
import time

import kfp
import kfp_server_api
from kfp.auth import ServiceAccountTokenVolumeCredentials

HOST, TOKEN, PACKAGE = sys.argv[1:4]
NAMESPACE = "alice"


def main():
    credentials = ServiceAccountTokenVolumeCredentials(path=TOKEN)
    client = kfp.Client(host=HOST, credentials=credentials)
    client.set_user_namespace(NAMESPACE)
    assert client.get_user_namespace() == NAMESPACE
    assert client.get_kfp_healthz().multi_user is True

    experiment = client.create_experiment("from 1.8", namespace=NAMESPACE)
    assert client.get_experiment(experiment_name="from 1.8", namespace=NAMESPACE).id == experiment.id
    newest = client.list_experiments(namespace=NAMESPACE, sort_by="created_at desc", page_size=100)
    assert [each.name for each in newest.experiments].count("from 1.8") == 1

    by_references(client, experiment.id)
    pipelines(client)
    schedules(client, experiment.id)
    client.archive_experiment(experiment.id)
    print("all of it worked")


def owner(kind, ref):
    key = kfp_server_api.ApiResourceKey(type=kind, id=ref)
    relationship = kfp_server_api.ApiRelationship.OWNER
    return kfp_server_api.ApiResourceReference(key=key, relationship=relationship)


def by_references(client, experiment_id):
    kinds = kfp_server_api.ApiResourceType
    made = client._experiment_api.create_experiment(
        body=kfp_server_api.ApiExperiment(
            name="by reference", resource_references=[owner(kinds.NAMESPACE, NAMESPACE)]
        )
    )
    assert made.resource_references[0].key.id == NAMESPACE
    with open(PACKAGE) as file:
        manifest = file.read()
    body = kfp_server_api.ApiRun(
        name="a run of 1.8",
        pipeline_spec=kfp_server_api.ApiPipelineSpec(
            pipeline_manifest=manifest,
            runtime_config=kfp_server_api.PipelineSpecRuntimeConfig(parameters={"name": "ana"}),
        ),
        resource_references=[owner(kinds.EXPERIMENT, experiment_id)],
    )
    run = client._run_api.create_run(body).run
    assert {each.key.type for each in run.resource_references} == {"EXPERIMENT", "NAMESPACE"}
    for _ in range(300):
        run = client.get_run(run.id).run
        if run.status in ("Succeeded", "Failed"):
            break
        time.sleep(0.2)
    assert run.status == "Succeeded", run
    ended = client.wait_for_run_completion(run.id, timeout=60)
    assert ended.run.finished_at >= ended.run.created_at  # v1beta1 tells whole seconds
    listed = client.list_runs(namespace=NAMESPACE, sort_by="created_at desc", page_size=5).runs
    assert "a run of 1.8" in [each.name for each in listed]
    of_experiment = client.list_runs(experiment_id=experiment_id).runs
    assert [each.id for each in of_experiment] == [run.id]
    client._run_api.archive_run(run.id)
    assert client.get_run(run.id).run.storage_state == "STORAGESTATE_ARCHIVED"
    client._run_api.delete_run(run.id)


def pipelines(client):
    pipeline = client.upload_pipeline(PACKAGE, pipeline_name="shared by 1.8")
    version = client.upload_pipeline_version(PACKAGE, "v2", pipeline_id=pipeline.id)
    assert client.get_pipeline_id("shared by 1.8") == pipeline.id
    names = [each.name for each in client.list_pipeline_versions(pipeline.id).versions]
    assert sorted(names) == ["shared by 1.8", "v2"]
    assert client.get_pipeline(pipeline.id).default_version.id == version.id
    assert "pipelineInfo" in client._pipelines_api.get_template(pipeline.id).template


def schedules(client, experiment_id):
    job = client.create_recurring_run(
        experiment_id,
        "a job of 1.8",
        cron_expression="0 0 3 * * *",
        pipeline_id=client.get_pipeline_id("shared by 1.8"),
        enabled=False,
    )
    assert client.get_recurring_run(job.id).trigger.cron_schedule.cron == "0 0 3 * * *"
    client.jobs.enable_job(job.id)
    assert client.get_recurring_run(job.id).enabled is True
    client.disable_job(job.id)
    assert [each.name for each in client.list_recurring_runs(experiment_id=experiment_id).jobs] == [
        "a job of 1.8"
    ]
    client.delete_job(job.id)


if __name__ == "__main__":
    main()
