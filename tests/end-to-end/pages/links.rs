//! Links within the documentation lead somewhere.

use super::text::{Page, pages, prose, repository};
use anyhow::{Result, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

#[test]
fn every_link_leads_to_a_file_or_a_heading_that_is_there() -> Result<()> {
    let pages = pages()?;
    let anchors: BTreeMap<_, _> = pages.iter().map(|page| (page.name.as_str(), headings(page))).collect();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for page in &pages {
        for link in links(page) {
            seen += 1;
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() { page.name.clone() } else { resolved(&page.name, path) };
            let exists = repository().join(&target).exists();
            let is_right = match anchor {
                _ if !exists => false,
                "" => true,
                anchor => anchors.get(target.as_str()).is_some_and(|all| all.contains(anchor)),
            };
            if !is_right {
                wrong.push(format!("{}: {link}", page.name));
            }
        }
    }
    ensure!(seen > 50, "only {seen} links were found");
    ensure!(wrong.is_empty(), "these lead nowhere: {wrong:#?}");
    Ok(())
}

#[test]
fn every_page_below_docs_is_in_the_table_of_readme() -> Result<()> {
    let pages = pages()?;
    let Some(readme) = pages.iter().find(|page| page.name == "README.md") else { anyhow::bail!("no README.md") };
    let linked: BTreeSet<_> = links(readme).into_iter().map(|link| resolved("README.md", &link)).collect();
    for page in pages.iter().filter(|page| page.name != "README.md") {
        ensure!(linked.contains(&page.name), "README.md does not link {}", page.name);
    }
    Ok(())
}

/// The targets of links and pictures of a page, but for those on the web.
fn links(page: &Page) -> Vec<String> {
    let text = prose(&page.text);
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target.to_owned()).filter(|target| !target.contains("://")).collect()
}

/// The anchors of a page's headings, as Git hosts make them.
fn headings(page: &Page) -> BTreeSet<String> {
    let text = prose(&page.text);
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let words = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
            words.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
        })
        .collect()
}

/// A link's path, from the folder of the page that it is on.
fn resolved(page: &str, link: &str) -> String {
    let path = link.split('#').next().unwrap_or_default();
    let joined = Path::new(page).parent().unwrap_or(Path::new("")).join(path);
    let mut resolved = PathBuf::new();
    for part in joined.components() {
        match part {
            Component::ParentDir => _ = resolved.pop(),
            part => resolved.push(part),
        }
    }
    resolved.display().to_string()
}
