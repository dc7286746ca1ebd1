//! The bill of materials of the package, as `CycloneDX`.
//!
//! Responsible for: every crate that is linked into the program, by `Cargo.lock`, and what brings it in. Not responsible
//! for: crates that only build or test, and glibc.

use anyhow::{Context, Result, ensure};
use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand, Node, Package, PackageId};
use cyclonedx_bom::external_models::normalized_string::NormalizedString;
use cyclonedx_bom::external_models::uri::Purl;
use cyclonedx_bom::models::component::{Classification, Component, Components};
use cyclonedx_bom::models::dependency::{Dependencies, Dependency};
use cyclonedx_bom::models::hash::{Hash, HashAlgorithm, HashValue, Hashes};
use cyclonedx_bom::models::license::{LicenseChoice, Licenses};
use cyclonedx_bom::models::metadata;
use cyclonedx_bom::prelude::{Bom, SpecVersion, Validate};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The bill of materials as JSON; `sha256` is the package's.
///
/// # Errors
/// When cargo cannot tell what the program depends on.
pub(crate) fn of(sources: &Path, sha256: &str) -> Result<Vec<u8>> {
    let metadata = MetadataCommand::new()
        .manifest_path(sources.join("Cargo.toml"))
        .features(CargoOpt::SomeFeatures(Vec::new()))
        .other_options(["--locked", "--filter-platform", "x86_64-unknown-linux-gnu"].map(String::from))
        .exec()?;
    let usher = metadata.workspace_packages().into_iter().find(|package| package.name == "usher");
    let usher = usher.context("the workspace has no package usher")?;
    let linked = linked(&metadata, &usher.id)?;

    let mut component = component(usher, Classification::Application)?;
    let content = HashValue(sha256.to_owned());
    component.hashes = Some(Hashes(vec![Hash { alg: HashAlgorithm::SHA_256, content }]));
    let libraries = linked.keys().filter(|id| **id != &usher.id);
    let libraries = libraries.map(|id| self::component(&metadata[*id], Classification::Library));
    let dependencies = linked.iter().map(|(id, needs)| Dependency {
        dependency_ref: reference(&metadata[*id]),
        dependencies: needs.iter().map(|id| reference(&metadata[*id])).collect(),
    });
    let bom = Bom {
        // A number or time of its own would make the same input give other bytes.
        serial_number: None,
        metadata: Some(metadata::Metadata { component: Some(component), ..Default::default() }),
        components: Some(Components(libraries.collect::<Result<_>>()?)),
        dependencies: Some(Dependencies(dependencies.collect())),
        spec_version: SpecVersion::V1_5,
        ..Default::default()
    };
    let validated = bom.validate_version(SpecVersion::V1_5);
    ensure!(validated.passed(), "the bill of materials is not as CycloneDX has it: {validated:?}");
    let mut json = Vec::new();
    bom.output_as_json_v1_5(&mut json)?;
    Ok(json)
}

/// What is linked into the program, each with what it needs itself.
fn linked<'a>(metadata: &'a Metadata, root: &'a PackageId) -> Result<BTreeMap<&'a PackageId, BTreeSet<&'a PackageId>>> {
    let resolve = metadata.resolve.as_ref().context("cargo did not resolve the dependencies")?;
    let nodes: BTreeMap<&PackageId, &Node> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut linked = BTreeMap::new();
    let mut open = vec![root];
    while let Some(id) = open.pop() {
        if linked.contains_key(id) {
            continue;
        }
        let normal = nodes[id].deps.iter().filter(|dependency| {
            let mut kinds = dependency.dep_kinds.iter().map(|kind| kind.kind);
            // A macro runs in the compiler only.
            kinds.any(|kind| kind == DependencyKind::Normal) && !is_macro(&metadata[&dependency.pkg])
        });
        let needs: BTreeSet<&PackageId> = normal.map(|dependency| &dependency.pkg).collect();
        open.extend(&needs);
        linked.insert(id, needs);
    }
    Ok(linked)
}

fn is_macro(package: &Package) -> bool {
    package.targets.iter().any(|target| target.is_proc_macro())
}

fn component(package: &Package, kind: Classification) -> Result<Component> {
    let version = package.version.to_string();
    let mut component = Component::new(kind, &package.name, &version, Some(reference(package)));
    component.description = package.description.as_deref().map(NormalizedString::new);
    if let Some(license) = &package.license {
        // Older crates write MIT/Apache-2.0 where SPDX has OR.
        component.licenses = Some(Licenses(vec![LicenseChoice::expression(&license.replace('/', " OR "))]));
    }
    if package.source.is_some() {
        component.purl = Some(Purl::new("cargo", &package.name, &version)?);
    }
    Ok(component)
}

/// Unlike cargo's own id this has no path of the machine in it.
fn reference(package: &Package) -> String {
    format!("{}@{}", package.name, package.version)
}
