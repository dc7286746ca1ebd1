//! What happens, in order: looking, being held, going in waves, coming back days later, asking why, and the accounts.

use crate::ledger::{self, Ledger};
use crate::screen::Screen;
use crate::site::{Organisation, Run, Site};
use anyhow::{Context, Result};
use jiff::Timestamp;
use std::path::Path;
use usher_simulator::clock::SimClock;
use usher_simulator::cloud::Cloud;
use usher_simulator::tenant::{Fault, Matcher};
use uuid::Uuid;

/// How many times faster than real time everything runs: a tick every two and a half seconds, unless it is moved there.
const SPEED: f64 = 120.0;
/// A Monday.
const START: &str = "2026-03-02T08:01:00Z";

const CONTOSO: Organisation = Organisation {
    name: "Contoso",
    tenant_id: Uuid::from_u128(0x0c0a_11ed_0000_4000_8000_0000_0000_0001),
    cloud: Cloud::Global,
    place: "commercial cloud",
    cloud_key: "global",
    domain: "contoso.com",
    initial_domain: "contoso.onmicrosoft.com",
};
const FABRIKAM: Organisation = Organisation {
    name: "Fabrikam",
    tenant_id: Uuid::from_u128(0x0fab_11ca_0000_4000_8000_0000_0000_0002),
    cloud: Cloud::UsGov,
    place: "GCC High",
    cloud_key: "us-gov",
    domain: "fabrikam.us",
    initial_domain: "fabrikam.onmicrosoft.us",
};

/// Everything that the story needs while it goes on.
struct Stage<'a> {
    screen: &'a Screen,
    clock: SimClock,
    sites: [Site; 2],
    ledger: Ledger,
    /// Ticks so far.
    ticks: u128,
    /// At which site whose invitation's answer got lost, until that is settled.
    lost: Option<(&'static str, String)>,
}

/// Tells the story; `true` if everything held that usher promises.
pub(crate) async fn tell(screen: &Screen, folder: &Path) -> Result<bool> {
    let clock = SimClock::new(START.parse()?, SPEED);
    let sites = [
        Site::start(CONTOSO, FABRIKAM, 250, &clock, folder.join("contoso")).await?,
        Site::start(FABRIKAM, CONTOSO, 230, &clock, folder.join("fabrikam")).await?,
    ];
    let mut stage = Stage { screen, clock, sites, ledger: Ledger::default(), ticks: 0, lost: None };
    stage.introduce()?;
    stage.look().await?;
    stage.be_held().await?;
    stage.go_in_waves().await?;
    stage.come_back().await?;
    stage.ask_why().await?;
    stage.settle_accounts().await
}

impl Stage<'_> {
    fn introduce(&self) -> Result<()> {
        let Self { screen, sites, .. } = self;
        screen.heading("usher: two tenants, each with the other's people")?;
        screen.columns(&format!("{:<12}{:<20}{}", "tenant", "cloud", "people synced into it by Entra Connect"))?;
        for site in sites {
            let Organisation { name, place, .. } = site.organisation;
            screen.row(&format!("{name:<12}{place:<20}{} of {}", site.population.synced(), site.partner.domain))?;
        }
        screen.say(
            "They are internal accounts so far. usher converts them in place to external users, who sign in at home. It \
             runs as it would be deployed, under a stand-in for the Functions host; Graph, Entra, people and time are \
             simulated on this machine.",
        )?;
        screen.say("Contoso's configuration, the whole of it; what is left out has a careful default:")?;
        screen.file(&sites[0].configuration("plan"))?;
        Ok(())
    }

    async fn look(&mut self) -> Result<()> {
        let Self { screen, clock, sites, ledger, .. } = self;
        screen.heading("1. Look first: plan mode")?;
        screen.say("The timer ticks; usher reads the directory and writes nothing to it.")?;
        let due = next_tick(sites).await?;
        advance(clock, due);
        for site in &*sites {
            site.tick(due).await?;
        }
        screen.command("both", "usher plan")?;
        let [one, other] = sites;
        let plans = tokio::try_join!(one.json(&["plan"]), other.json(&["plan"]))?;
        let plans = [&plans.0["partners"][0], &plans.1["partners"][0]];
        let figures = plans.map(|plan| {
            let figure = |key: &str| plan[key].to_string();
            [("people in scope", figure("observed")), ("can be converted, as far as seen", figure("waiting"))]
        });
        let left_alone = plans.map(ledger::left_alone);
        let mut rows = ledger::side_by_side(figures);
        rows.extend(ledger::reasons(left_alone.each_ref()));
        screen.table(sites.each_ref().map(|site| site.organisation.name), &rows)?;
        screen.say(
            "Two people more have a domain that only looks like the partner's, and are in nobody's scope. Directory \
             roles, the protected group and Exchange plans are read later, for those whose turn it is.",
        )?;
        nothing_written(sites, ledger);
        Ok(())
    }

    async fn be_held(&mut self) -> Result<()> {
        let Self { screen, clock, sites, ledger, .. } = self;
        screen.heading("2. mode = \"apply\": held until somebody answers for the state")?;
        let due = next_tick(sites).await?;
        advance(clock, due);
        for site in &*sites {
            site.configure("apply")?;
            site.tick(due).await?;
        }
        screen.say("The timer ticks, and nothing is written.")?;
        screen.command(CONTOSO.name, "usher status")?;
        let status = sites[0].text(&["status"]).await?;
        screen.answer(status.lines().find(|line| line.contains("HELD")).context("nothing is held")?)?;
        nothing_written(sites, ledger);
        screen.say("It is the first run here, so the operators say so:")?;
        for site in &*sites {
            screen.command(site.organisation.name, "usher apply --adopt-state")?;
            let report = site.json(&["apply", "--adopt-state"]).await?;
            let partner = &report["partners"][0];
            let actions = partner["actions"].as_array().into_iter().flatten();
            let done = actions.filter(|action| action["outcome"] == "done").count();
            screen.answer(&format!("wave {}: {done} converted, {} waiting", partner["wave"], partner["waiting"]))?;
        }
        Ok(())
    }

    async fn go_in_waves(&mut self) -> Result<()> {
        self.screen.heading("3. Every five minutes: one person, ten, a tenth, then everybody")?;
        self.screen.say(
            "Between the ticks people read their mail and redeem. Graph refuses a person here and there, which stops \
             nobody else. In Contoso's first tick one of its answers gets lost; in Fabrikam's second it refuses three \
             requests for their rate.",
        )?;
        self.columns()?;
        let [contoso, fabrikam] = self.sites.each_ref().map(|site| site.tenant.clone());
        let lost = Fault::status(504, "GatewayTimeout").after_effect();
        contoso.fail_next(1, Matcher::post("/invitations"), lost);
        for number in 1..=5 {
            if number == 2 {
                let throttled = Fault::status(429, "TooManyRequests").retry_after("10");
                fabrikam.fail_next(3, Matcher::post("/invitations"), throttled);
            }
            self.tick(next_tick(&self.sites).await?).await?;
        }
        self.screen.remark("Nothing is left to do; those whom Graph refused are not tried again within a day.")?;
        Ok(())
    }

    async fn come_back(&mut self) -> Result<()> {
        self.screen.heading("4. The days after (the quiet ticks between are left out)")?;
        self.columns()?;
        for site in &mut self.sites {
            site.population.mend(&site.tenant, 2)?;
        }
        self.tick("2026-03-03T12:00:00Z".parse()?).await?;
        self.screen.remark(
            "A day has passed, so those whom Graph refused are tried again. Two were mended meanwhile: their on-premises \
             UPN flows no more. The third is refused once more, and left alone for another day.",
        )?;
        advance(&self.clock, "2026-03-05T07:50:00Z".parse()?);
        for site in &mut self.sites {
            site.population.grow(&site.tenant, 12);
        }
        self.tick("2026-03-05T08:00:00Z".parse()?).await?;
        self.screen.remark("Twelve people arrived. They are found by what they are, not by when they came.")?;
        Ok(())
    }

    async fn ask_why(&self) -> Result<()> {
        let Self { screen, sites: [site, _], .. } = self;
        screen.heading("5. Why? Every decision can be explained")?;
        for address in site.population.worth_explaining() {
            screen.command(site.organisation.name, &format!("usher explain {address}"))?;
            let explanation = site.json(&["explain", &address]).await?;
            let text = |key: &str| explanation[key].as_str().with_context(|| format!("no {key}: {explanation:#}"));
            screen.answer(&format!("{}: {}", text("decision")?, text("text")?))?;
        }
        Ok(())
    }

    async fn settle_accounts(&mut self) -> Result<bool> {
        let Self { screen, sites, ledger, .. } = self;
        screen.heading("6. The accounts, from the simulated tenants' own records")?;
        let (one, other) = (ledger::close(&sites[0], ledger).await?, ledger::close(&sites[1], ledger).await?);
        let mut rows = ledger::side_by_side([one.people, other.people]);
        rows.extend(ledger::reasons([&one.left_alone, &other.left_alone]));
        rows.extend(ledger::side_by_side([one.traffic, other.traffic]));
        screen.table(sites.each_ref().map(|site| site.organisation.name), &rows)?;
        let wire = ledger::check_wire(sites, ledger);
        screen.say(&wire)?;
        screen.columns("What usher promises:")?;
        let everything_holds = ledger.show(screen)?;
        screen.say("Read on:")?;
        screen
            .row(&format!("  {:<22}{}", "README.md", "what usher does, and how to look at your own tenant with it"))?;
        screen.row(&format!("  {:<22}{}", "usher.example.toml", "every setting"))?;
        screen.row(&format!("  {:<22}{}", "cargo run -- --help", "every command"))?;
        Ok(everything_holds)
    }

    fn columns(&self) -> Result<()> {
        Ok(self.screen.columns(&format!(
            "{:<10} {:<9} {:<5}{:>10}{:>9}{:>13}{:>10}{:>9}{:>10}",
            "tick", "tenant", "wave", "converted", "refused", "unconfirmed", "not sent", "waiting", "redeemed"
        ))?)
    }

    /// A tick at both sites, and what came of it, a line for each.
    async fn tick(&mut self, due: Timestamp) -> Result<()> {
        advance(&self.clock, due);
        self.ticks += 1;
        let [one, other] = &self.sites;
        let (one, other) = tokio::try_join!(one.round(due, self.ticks), other.round(due, self.ticks))?;
        let when = [due.strftime("%a %H:%M").to_string(), String::new()];
        for ((site, round), when) in self.sites.iter().zip([one, other]).zip(when) {
            self.ledger
                .note("Each tick invited exactly those whom `usher plan` had shown just before.", round.as_planned);
            let Run { planned, done, refused, unconfirmed, waiting } = round.run;
            let not_sent = planned - done - refused - unconfirmed;
            let wave = match round.wave {
                Some(wave) => wave.to_string(),
                None if planned > 0 => "all".to_owned(),
                None => String::new(),
            };
            let [done, refused, unknown, unsent, waiting, redeemed] =
                [done, refused, unconfirmed, not_sent, waiting, round.redeemed].map(or_dash);
            self.screen.row(&format!(
                "{when:<10} {:<9} {wave:<5}{done:>10}{refused:>9}{unknown:>13}{unsent:>10}{waiting:>9}{redeemed:>10}",
                site.organisation.name,
            ))?;
            if let Some((at, lost)) = self.lost.take_if(|(at, _)| *at == site.organisation.name) {
                let explanation = site.json(&["explain", &lost]).await?;
                let state = explanation["state"].as_str().unwrap_or_default();
                let settled = matches!(state, "pending" | "accepted");
                let meaning = if settled { "the invitation did go out, and is not repeated" } else { "not settled" };
                self.screen.remark(&format!("The person of {at}'s lost answer is {state}: {meaning}."))?;
                self.ledger.note("A lost answer is settled by reading, not by sending again.", settled);
            }
            if let Some(lost) = round.lost {
                self.lost = Some((site.organisation.name, lost));
                self.screen.remark(
                    "Was that invitation sent or not? usher does not guess and does not repeat it: the next tick looks. \
                     The wave was not clean, so the next one is no bigger.",
                )?;
            }
            if round.throttled > 0 {
                let later =
                    if not_sent > 0 { "goes out with a later tick" } else { "went out after the wait asked for" };
                self.screen.remark(&format!(
                    "{} times Graph answered 429, which says that nothing was sent: what it refused {later}.",
                    round.throttled
                ))?;
            }
        }
        Ok(())
    }
}

/// Moves the clock forward; one that is later already is left alone.
fn advance(clock: &SimClock, to: Timestamp) {
    if to > clock.now() {
        clock.set(to);
    }
}

/// The next time at which both timers fire.
async fn next_tick(sites: &[Site; 2]) -> Result<Timestamp> {
    let [one, other] = sites;
    Ok(one.next_tick().await?.max(other.next_tick().await?))
}

fn nothing_written(sites: &[Site; 2], ledger: &mut Ledger) {
    let written: usize = sites.iter().map(Site::writes).sum();
    ledger.note("In plan mode, and while held, nothing was written to a directory.", written == 0);
}

/// A figure, unless there is nothing to tell.
fn or_dash(figure: u64) -> String {
    if figure == 0 { "-".to_owned() } else { figure.to_string() }
}
