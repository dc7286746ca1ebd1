//! What a client must have left behind when it has told its story, whichever it was.

use super::world::{FABRIKAM, PEOPLE, World};
use anyhow::{Context, Result, ensure};
use usher_simulator::cloud::Cloud;
use usher_simulator::conformance::{Part, check_all};
use usher_simulator::tenant::{AdministratorRole, Directory, ExternalUserState, Schedule, UserType};

/// Looks at the tenants, and at everything that went over the wire.
pub(super) fn check(world: &World) -> Result<()> {
    on_the_wire(world)?;
    world.here.with_directory(|directory| {
        people(world, directory)?;
        policies(directory)?;
        synchronization(world, directory)
    })?;
    mails(world)?;
    let contoso = world.here.with_directory(|directory| directory.tenant_id());
    let written = world.there.with_directory(|directory| directory.synchronized_user(contoso, world.ada).cloned());
    ensure!(written.is_some(), "ada was provisioned on demand");
    Ok(())
}

/// Nothing was asked that is not simulated, all is as Microsoft's schema has it, and whoever was told to wait came again.
fn on_the_wire(world: &World) -> Result<()> {
    ensure!(world.here.violations().is_empty(), "{:#?}", world.here.violations());
    ensure!(world.front.strays().is_empty(), "{:#?}", world.front.strays());
    let exchanges = world.here.exchanges();
    for path in ["/subscribedSkus", "/invitations"] {
        let asked = exchanges.iter().filter(|exchange| exchange.path == path);
        let first: Vec<u16> = asked.map(|exchange| exchange.status).take(2).collect();
        ensure!(matches!(first[..], [429, 200..300]), "{path}: {first:?}");
    }
    let (refused, served): (Vec<_>, Vec<_>) = exchanges.into_iter().partition(|exchange| exchange.status >= 400);
    check_all(Cloud::Global, &served).assert_clean();
    // What is refused is wrong on purpose; the answer is not.
    let mut report = check_all(Cloud::Global, &refused);
    report.findings.retain(|finding| finding.first.part == Part::Response);
    report.assert_clean();
    Ok(())
}

fn people(world: &World, directory: &Directory) -> Result<()> {
    let converted = directory.user(world.people[0]).context("the first person")?;
    assert_eq!(converted.external_user_state, Some(ExternalUserState::PendingAcceptance));
    assert_eq!(converted.creation_type, None, "converted, not made anew");
    let guest = directory.find("guest@fabrikam.us").context("the guest")?;
    assert_eq!((guest.user_type, guest.display_name.as_str()), (UserType::Guest, "Grace of Fabrikam"));
    let attribute = |name: &str| guest.attributes.get(name).map(String::as_str);
    assert_eq!((attribute("companyName"), attribute("jobTitle")), (Some("Fabrikam"), None), "null clears");
    let restored = directory.user(world.people[1]).context("the second person is back")?;
    assert_eq!(restored.deleted, None);
    assert!(!directory.user(world.people[2]).context("the third")?.account_enabled, "disabled by a batch");
    assert_eq!(directory.user_count(), usize::try_from(PEOPLE)? + 2, "and nobody else");
    assert_eq!(directory.directory_roles(world.ada), [AdministratorRole::GlobalReader.id()]);
    Ok(())
}

fn mails(world: &World) -> Result<()> {
    let mails = world.here.mails();
    let to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, ["guest@fabrikam.us", "person-0001@fabrikam.us", "guest@fabrikam.us"]);
    assert_eq!(mails[0].language.as_deref(), Some("de-DE"));
    assert_eq!(mails[0].user, mails[2].user, "the same guest, mailed again");
    Ok(())
}

fn policies(directory: &Directory) -> Result<()> {
    let access = &directory.cross_tenant_access;
    ensure!(!access.default.is_service_default, "the default was changed");
    let partners: Vec<_> = access.partners.keys().collect();
    assert_eq!(partners, [&FABRIKAM], "the other one was deleted");
    let partner = &access.partners[&FABRIKAM];
    let consent = partner.consent.context("consent")?;
    assert_eq!((consent.inbound, consent.outbound), (Some(true), Some(true)));
    let synchronization = partner.synchronization.as_ref().context("identity synchronization")?;
    assert_eq!((synchronization.display_name.as_str(), synchronization.is_sync_allowed), ("Fabrikam", false));
    Ok(())
}

fn synchronization(world: &World, directory: &Directory) -> Result<()> {
    let jobs = directory.sync_jobs();
    ensure!(jobs.len() == 1 && jobs[0].schedule == Schedule::Paused, "{jobs:?}");
    let assignments = directory.app_role_assignments();
    let of_inner = assignments.iter().filter(|assignment| assignment.principal == world.inner).count();
    assert_eq!(of_inner, 1, "the inner group is synchronised: {assignments:?}");
    let of_ada = assignments.iter().filter(|assignment| assignment.principal == world.ada).count();
    assert_eq!(of_ada, 0, "hers was taken away");
    Ok(())
}
