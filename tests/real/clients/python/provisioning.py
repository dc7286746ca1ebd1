"""A synchronisation across tenants, from the gallery's template to one person on demand; and who is assigned to it."""

import json
from uuid import UUID

from msgraph.generated.application_templates.item.instantiate.instantiate_post_request_body import (
    InstantiatePostRequestBody,
)
from msgraph.generated.models.app_role_assignment import AppRoleAssignment
from msgraph.generated.models.synchronization_job import SynchronizationJob
from msgraph.generated.models.synchronization_job_application_parameters import SynchronizationJobApplicationParameters
from msgraph.generated.models.synchronization_job_subject import SynchronizationJobSubject
from msgraph.generated.models.synchronization_secret import SynchronizationSecret
from msgraph.generated.models.synchronization_secret_key_string_value_pair import (
    SynchronizationSecretKeyStringValuePair,
)
from msgraph.generated.service_principals.item.synchronization.jobs.item.provision_on_demand import (
    provision_on_demand_post_request_body as on_demand,
)
from msgraph.generated.service_principals.item.synchronization.secrets.secrets_put_request_body import (
    SecretsPutRequestBody,
)

GALLERY = "518e5f48-1fc8-4c48-9387-9fdf28b0dfe7"


async def tell(story):
    template = story.client.application_templates.by_application_template_id(GALLERY)
    made = await template.instantiate.post(InstantiatePostRequestBody(display_name="CTS-Fabrikam"))
    principal = story.client.service_principals.by_service_principal_id(made.service_principal.id)
    assert (await principal.get()).app_id == made.application.app_id
    named = story.client.service_principals_with_app_id(made.application.app_id)
    assert (await named.get()).id == made.service_principal.id

    templates = await principal.synchronization.templates.get()
    job = await principal.synchronization.jobs.post(SynchronizationJob(template_id=templates.value[0].id))
    secret = SynchronizationSecretKeyStringValuePair
    secrets = [
        secret(key=SynchronizationSecret.CompanyId, value=story.facts["partner"]),
        secret(key=SynchronizationSecret.AuthenticationType, value="SyncPolicy"),
        secret(key=SynchronizationSecret.SyncAll, value="false"),
    ]
    await principal.synchronization.secrets.put(SecretsPutRequestBody(value=secrets))
    await assignments(story, made.service_principal, principal)
    await run(story, principal.synchronization.jobs, job.id)


async def assignments(story, application, principal):
    """The group is assigned, a person too; the person's assignment is taken away again."""
    role = next(role.id for role in application.app_roles if role.display_name == "msiam_access")
    assigned = principal.app_role_assigned_to
    made = {}
    for member in (story.facts["inner"], story.facts["ada"]):
        wanted = AppRoleAssignment(principal_id=UUID(member), resource_id=UUID(application.id), app_role_id=role)
        made[member] = await assigned.post(wanted)
    kinds = {one.principal_type for one in (await assigned.get()).value}
    assert kinds == {"Group", "User"}, kinds
    await assigned.by_app_role_assignment_id(made[story.facts["ada"]].id).delete()
    assert [one.principal_id for one in (await assigned.get()).value] == [UUID(story.facts["inner"])]
    # The other side of the same: what the configuration itself may do.
    assert (await principal.app_role_assignments.get()).value == []


async def run(story, jobs, id):
    job = jobs.by_synchronization_job_id(id)
    assert [one.id for one in (await jobs.get()).value] == [id]
    schema = await job.schema.get()
    rule = schema.synchronization_rules[0]
    mapped = {mapping.target_attribute_name for mapping in rule.object_mappings[0].attribute_mappings}
    assert "userType" in mapped, mapped
    operators = await job.schema.filter_operators.get()
    assert any(operator.id == "EQUALS" for operator in operators.value)
    subject = SynchronizationJobSubject(object_id=story.facts["ada"], object_type_name="User")
    parameters = SynchronizationJobApplicationParameters(rule_id=rule.id, subjects=[subject])
    body = on_demand.ProvisionOnDemandPostRequestBody(parameters=[parameters])
    answer = await job.provision_on_demand.post(body)
    assert json.loads(answer.key)["result"] == "Success", answer
    await job.start.post()
    assert (await job.get()).schedule.state.value == "Active"
    await job.pause.post()
    assert (await job.get()).schedule.state.value == "Paused"
