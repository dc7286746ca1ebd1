//! The home tenant's list: written there, and read here.

use super::{PARTNER, doctor, good, people, results};
use crate::support::{Config, World, run};
use anyhow::Result;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use usher_simulator::cloud::Cloud;
use usher_simulator::tenant::UserType;

/// A home tenant, and the file that was written in it.
pub(super) struct Written {
    world: World,
    file: PathBuf,
}

impl Written {
    pub(super) fn file(&self) -> &str {
        self.file.to_str().expect("a path of our own")
    }
}

/// The list of a home tenant with these people: their name, and their mail where it is another one.
pub(super) async fn written(people: &[(&str, Option<&str>)]) -> Written {
    let world = World::with(Cloud::UsGov, Config::default(), |options| {
        options.id = PARTNER;
        options.initial_domain = "fabrikam.onmicrosoft.us".into();
        options.verified_domains = vec!["fabrikam.us".into()];
    });
    let world = world.await;
    let text = format!(
        "[tenant]\nid = \"{PARTNER}\"\ncloud = \"us-gov\"\n[[partner]]\nname = \"contoso\"\n\
         tenant_id = \"0c0a11ed-0000-4000-8000-000000000001\"\ncloud = \"global\"\n\
         [partner.scope]\ndomains = [\"contoso.com\"]\n"
    );
    std::fs::write(world.config_path(), text).expect("the configuration can be written");
    world.directory(|directory| {
        for (name, mail) in people {
            let id = directory.create_colleague(name);
            let mail = mail.map(str::to_owned);
            directory.update_user(id, |user| user.mail = mail.or(user.mail.take())).expect("they are there");
        }
    });
    let file = world.app().join("home.json");
    let output = run(world.command(&["doctor", "--json", "--export", file.to_str().expect("a path")])).await.exits(0);
    assert!(!output.stderr.contains('@'), "{output:?}");
    assert_eq!(results(&output.json(), "home.export"), ["pass"]);
    assert_eq!(world.writes(), 0);
    Written { world, file }
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_mail_is_not_the_name_at_home_is_found_here() {
    let world = good(Config::default()).await;
    let ids = world.people(2);
    let unseen = doctor(&world, &[]).await.exits(4).json();
    assert_eq!(results(&unseen, "people.home-name"), ["unknown"]);
    let home = written(&[("person-0001", None), ("p2", Some("person-0002@fabrikam.us"))]).await;
    let document = doctor(&world, &["--home", home.file()]).await.exits(1).json();
    assert_eq!(results(&document, "people.home-name"), ["fail"]);
    assert_eq!(people(&document, "people.home-name"), [ids[1]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_holds_enabled_members_alone_and_is_for_its_owner() -> Result<()> {
    let home = written(&[("member", None), ("off", None), ("guest", None)]).await;
    assert_eq!(std::fs::metadata(&home.file)?.permissions().mode() & 0o777, 0o600);
    home.world.directory(|directory| -> Result<()> {
        let id =
            |alias: &str| directory.find(&format!("{alias}@fabrikam.us")).map(|user| user.id).expect("they are there");
        let (off, guest) = (id("off"), id("guest"));
        directory.set_enabled(off, false)?;
        directory.update_user(guest, |user| user.user_type = UserType::Guest)
    })?;
    // The file that is there, readable by others, is written over.
    std::fs::set_permissions(&home.file, std::fs::Permissions::from_mode(0o644))?;
    home.world.usher(&["doctor", "--export", home.file()]).await.exits(0);
    assert_eq!(std::fs::metadata(&home.file)?.permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&home.file)?;
    assert!(text.contains("member@fabrikam.us") && !text.contains("off@") && !text.contains("guest@"), "{text}");
    let unwritable = home.world.usher(&["doctor", "--json", "--export", "/nowhere/home.json"]).await.exits(1);
    assert_eq!(results(&unwritable.json(), "home.export"), ["fail"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_something_else_ends_with_2_before_anything_is_asked() -> Result<()> {
    let world = good(Config::default()).await;
    let file = world.app().join("other.json");
    let path = file.to_str().expect("a path");
    for text in ["", "{}", "person@fabrikam.us", "[]"] {
        std::fs::write(&file, text)?;
        let error = doctor(&world, &["--home", path]).await.exits(2).json();
        assert!(error["error"]["message"].as_str().is_some_and(|message| message.contains("--export")), "{error:#}");
    }
    let home = written(&[("member", None)]).await;
    let stranger = std::fs::read_to_string(&home.file)?.replace(&PARTNER.to_string(), &uuid::Uuid::nil().to_string());
    std::fs::write(&file, stranger)?;
    doctor(&world, &["--home", path]).await.exits(2);
    doctor(&world, &["--home", "/nowhere"]).await.exits(2);
    assert!(world.tenant.exchanges().is_empty());
    Ok(())
}
