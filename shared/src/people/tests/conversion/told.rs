//! Every outcome of somebody who is not an external user of usher's, in words.

use super::*;
use crate::people::case::{Case, View};
use crate::people::explain::explain;

/// State, decision and text of person 1, in one line.
fn told(world: &World) -> String {
    let snapshot = world.snapshot();
    let view = View { config: &world.config, snapshot: &snapshot, memory: &world.memory, now: now() };
    let told = explain(&Case::new(view, &world.config.partners[0], &snapshot.people[&id(1)]), None);
    format!("{} -> {}: {}", told.state.name(), told.decision, told.text)
}

fn looked(evidence: Evidence) -> World {
    World { evidence: [(id(1), evidence)].into(), ..one(json!({})) }
}

fn remembering(records: &[Record]) -> World {
    World { memory: remember(records), ..one(json!({})) }
}

fn configured(config: crate::config::Config, changes: Value) -> World {
    World::of(config, vec![synced(1, changes)])
}

fn in_groups(members: Result<HashSet<UserId>, String>, excluded: Result<HashSet<UserId>, String>) -> World {
    let scope = format!("groups = [\"{SCOPE_GROUP}\"]\nexclude_groups = [\"{EXCLUDE_GROUP}\"]");
    let groups = [(SCOPE_GROUP.into(), members), (EXCLUDE_GROUP.into(), excluded)].into();
    World { groups, ..configured(config("", &scope, "", ""), json!({})) }
}

#[test]
fn every_outcome_has_its_reason_in_words_an_administrator_understands() {
    let (member, nobody) = (|| Ok(HashSet::from([id(1)])), || Ok(HashSet::new()));
    let unreadable = || Err("404".to_owned());
    let other_mails = || config("", "", "", "[partner.invite]\naddress = \"other-mails\"");
    let noted = |note| Record::Noted { person: id(1), partner: "fabrikam-gov".into(), at: now(), note };
    let long_ago = now() - SignedDuration::from_hours(25);
    let situations = [
        ("nothing stands against it", one(json!({}))),
        ("not synced", one(json!({"onPremisesSyncEnabled": null}))),
        ("disabled", one(json!({"accountEnabled": false}))),
        ("enabled or not", one(json!({"accountEnabled": null}))),
        ("signs of an external user", one(json!({"creationType": "Invitation"}))),
        ("invited by others", one(json!({"externalUserState": "Accepted"}))),
        ("an address with a plus", one(json!({"mail": "a+b@fabrikam.us"}))),
        ("no address to invite", configured(other_mails(), json!({}))),
        ("two addresses to invite", {
            configured(other_mails(), json!({"otherMails": ["a@fabrikam.us", "b@fabrikam.us"]}))
        }),
        ("mail is another address", {
            configured(other_mails(), json!({"mail": "x@contoso.com", "otherMails": ["a@fabrikam.us"]}))
        }),
        ("a previous domain", {
            configured(config("", "previous_domains = [\"old.example\"]", "", ""), json!({"mail": "x@old.example"}))
        }),
        ("outside the pilot", configured(config("pilot = [\"person-0002@fabrikam.us\"]", "", "", ""), json!({}))),
        (
            "a twin",
            World::of(
                plain(),
                vec![synced(1, json!({})), {
                    synced(2, json!({"mail": "person-0001@fabrikam.us", "onPremisesSyncEnabled": null}))
                }],
            ),
        ),
        ("in no scope group", in_groups(nobody(), nobody())),
        ("excluded", in_groups(member(), member())),
        ("the scope group cannot be read", in_groups(unreadable(), nobody())),
        ("the exclusion group cannot be read", in_groups(member(), unreadable())),
        ("a directory role", looked(Evidence { directory_role: Tri::Yes, ..FREE })),
        ("the protected group", looked(Evidence { protected_group: Tri::Yes, ..FREE })),
        ("roles cannot be read", looked(Evidence { directory_role: Tri::Unknown, ..FREE })),
        ("an Exchange plan", looked(Evidence { exchange_plan: Tri::Yes, ..FREE })),
        ("plans cannot be read", looked(Evidence { exchange_plan: Tri::Unknown, ..FREE })),
        ("gone at the closer look", looked(Evidence { exists: Tri::No, ..FREE })),
        ("sent, and no answer", remembering(&[intent(id(1), now())])),
        ("sent a day ago, and no answer", remembering(&[intent(id(1), long_ago)])),
        ("refused lately", remembering(&[intent(id(1), now()), refused(id(1), now())])),
        ("to be retired", remembering(&[noted(Note::RetirementRequested)])),
    ];
    let told: Vec<_> = situations.iter().map(|(name, world)| format!("{name}: {}", told(world))).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    nothing stands against it: internal -> convert: The person will be converted when their turn comes: waves and the daily limit may let them wait.
    not synced: internal -> internal-not-synced: The account is internal and Entra Connect does not master it, so it is not converted. Invite the person by `usher provision`, or remove the account if it is left over.
    disabled: disabled -> account-disabled: The account is disabled. Enable it at its master if the person shall be invited.
    enabled or not: internal -> enabled-unknown: It could not be read whether the account is enabled.
    signs of an external user: internal -> external-state-unknown: The account shows signs of an external user but no state of an invitation, so it cannot be told what it is. Look at the account in the portal; accounts born through SharePoint sharing look like this.
    invited by others: accepted -> invited-by-others: The person is an external user whom somebody else invited, and scope.adopt is none. Set scope.adopt to follow or full if usher shall look after these people.
    an address with a plus: internal -> address-not-invitable: The address holds a character that Graph does not take in invitations, such as +. Give the person an address without it.
    no address to invite: internal -> no-address: The property that invite.address names holds no address of the partner's domains. Let the sync flow the address into that property, or choose another invite.address.
    two addresses to invite: internal -> address-ambiguous: The property that invite.address names holds several addresses of the partner's domains. Leave one of them.
    mail is another address: internal -> mail-is-not-address: The account's mail differs from the address to invite; Microsoft converts an account only where they are equal. Set mail to the address at the account's master, or choose invite.address = "mail".
    a previous domain: internal -> previous-domain: The address is in a domain of scope.previous_domains, which is not newly invited.
    outside the pilot: internal -> outside-pilot: A pilot list is set and the person is not on it. Add the person to pilot, or empty the list.
    a twin: internal -> twin: Another object of this directory has the same address. Remove the address from one of the two, or delete the one left over.
    in no scope group: internal -> not-in-group: The person is in none of the partner's scope groups. Add the person to a group of scope.groups.
    excluded: internal -> excluded: The person is in a group of scope.exclude_groups.
    the scope group cannot be read: internal -> group-unknown: A scope group could not be read, so membership is not known. Check that the group exists and that usher may read it (GroupMember.Read.All).
    the exclusion group cannot be read: internal -> exclusion-unknown: A group of scope.exclude_groups could not be read, so the person may be excluded. Check that the group exists and that usher may read it (GroupMember.Read.All).
    a directory role: internal -> directory-role: The person holds a directory role, or could activate one.
    the protected group: internal -> protected-group: The person is in the protected group.
    roles cannot be read: internal -> protection-unknown: Roles or the protected group could not be read, so the person may be protected. Grant RoleManagement.Read.Directory and GroupMember.Read.All, and check that the protected group exists.
    an Exchange plan: internal -> exchange-plan: A plan of Exchange Online is assigned; with a mailbox here the account cannot be converted. Remove the Exchange plan and wait until the mailbox is gone.
    plans cannot be read: internal -> exchange-unknown: It could not be read whether a plan of Exchange Online is assigned.
    gone at the closer look: internal -> gone: The object is not in the directory any more.
    sent, and no answer: unconfirmed -> unconfirmed: An earlier step was sent, and the directory does not show what became of it; nothing is done before two readings show that.
    sent a day ago, and no answer: unconfirmed -> unsettled: A step was sent more than a day ago, and the directory still does not show what became of it. Look at the account in the portal. If it is an external user there, Graph shows it late; if it is not, wait for two readings that say so, or invite the person by hand.
    refused lately: internal -> refused-recently: Graph refused this person within the last day; it is not tried again before that. See the error of the last run; correct it, and the next day's run tries again.
    to be retired: internal -> retired: Somebody asked for the person to be retired, so they are not brought in. `usher provision` takes that back.
    "#);
}
