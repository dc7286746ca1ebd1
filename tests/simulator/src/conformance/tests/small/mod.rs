//! The rules, each on a schema small enough to see them in.

mod bodies;
mod paths;
mod queries;

use serde_json::json;

use super::get;
use crate::cloud::Cloud;
use crate::conformance::{Part, Report, Schema, check_all};
use crate::exchange::Exchange;

const SMALL: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="microsoft.graph" Alias="graph" xmlns="http://docs.oasis-open.org/odata/ns/edm">
  <EnumType Name="color"><Member Name="red" Value="0" /><Member Name="blue" Value="1" /></EnumType>
  <EnumType Name="days" IsFlags="true"><Member Name="monday" Value="1" /><Member Name="friday" Value="2" /></EnumType>
  <EntityType Name="entity" Abstract="true">
    <Key><PropertyRef Name="id" /></Key>
    <Property Name="id" Type="Edm.String" Nullable="false" />
  </EntityType>
  <EntityType Name="directoryObject" BaseType="graph.entity" OpenType="true">
    <Property Name="deletedDateTime" Type="Edm.DateTimeOffset" />
  </EntityType>
  <EntityType Name="person" BaseType="graph.directoryObject" OpenType="true">
    <Annotation Term="Org.OData.Core.V1.Description" String="somebody" />
    <Property Name="mail" Type="Edm.String">
      <Annotation Term="x"><Record><PropertyValue Property="y" /></Record></Annotation>
    </Property>
    <Property Name="enabled" Type="Edm.Boolean" />
    <Property Name="age" Type="Edm.Int32" />
    <Property Name="born" Type="Edm.Date" />
    <Property Name="token" Type="Edm.Guid" />
    <Property Name="pause" Type="Edm.Duration" />
    <Property Name="color" Type="graph.color" />
    <Property Name="days" Type="graph.days" />
    <Property Name="otherMails" Type="Collection(Edm.String)" Nullable="false" />
    <Property Name="identities" Type="Collection(graph.identity)" />
    <Property Name="extra" Type="more.extra" />
    <NavigationProperty Name="manager" Type="graph.directoryObject" />
    <NavigationProperty Name="notes" Type="Collection(graph.note)" ContainsTarget="true" />
    <NavigationProperty Name="box" Type="graph.note" ContainsTarget="true" />
  </EntityType>
  <EntityType Name="team" BaseType="graph.directoryObject" OpenType="true">
    <Property Name="displayName" Type="Edm.String" Nullable="false" />
    <NavigationProperty Name="members" Type="Collection(graph.directoryObject)" />
  </EntityType>
  <EntityType Name="note" BaseType="graph.entity"><Property Name="text" Type="Edm.String" /></EntityType>
  <EntityType Name="desk" BaseType="graph.entity">
    <NavigationProperty Name="notes" Type="Collection(graph.note)" ContainsTarget="true" />
  </EntityType>
  <ComplexType Name="identity">
    <Property Name="issuer" Type="Edm.String" />
    <Property Name="name" Type="Edm.String" />
  </ComplexType>
  <Action Name="wake" IsBound="true">
    <Parameter Name="bindingParameter" Type="graph.directoryObject" Nullable="false" />
    <Parameter Name="names" Type="Collection(Edm.String)" Nullable="false" />
    <Parameter Name="loud" Type="Edm.Boolean" />
    <ReturnType Type="Collection(Edm.String)" />
  </Action>
  <Action Name="reset" IsBound="true"><Parameter Name="bindingParameter" Type="graph.person" /></Action>
  <Function Name="delta" IsBound="true">
    <Parameter Name="bindingParameter" Type="Collection(graph.team)" /><ReturnType Type="Collection(graph.team)" />
  </Function>
  <Function Name="find" IsBound="true">
    <Parameter Name="bindingParameter" Type="graph.desk" /><Parameter Name="text" Type="Edm.String" />
    <ReturnType Type="graph.note" />
  </Function>
  <EntityContainer Name="GraphService">
    <EntitySet Name="people" EntityType="microsoft.graph.person" />
    <EntitySet Name="teams" EntityType="microsoft.graph.team" />
    <Singleton Name="desk" Type="microsoft.graph.desk" />
  </EntityContainer>
</Schema>
<Schema Namespace="microsoft.graph.more" Alias="more" xmlns="http://docs.oasis-open.org/odata/ns/edm">
  <ComplexType Name="extra"><Property Name="one" Type="Edm.String" /></ComplexType>
</Schema>
</edmx:DataServices></edmx:Edmx>"#;

fn differences(exchange: &Exchange) -> Vec<String> {
    let schema = Schema::parse(SMALL).unwrap();
    schema.check(exchange).into_iter().map(|difference| difference.to_string()).collect()
}

#[track_caller]
fn passes(exchange: &Exchange) {
    assert_eq!(differences(exchange), Vec::<String>::new(), "{} {}", exchange.method, exchange.path);
}

/// Exactly one difference, and its text contains all of these.
#[track_caller]
fn caught(exchange: &Exchange, parts: &[&str]) {
    let found = differences(exchange);
    assert_eq!(found.len(), 1, "one difference expected: {found:#?}");
    for part in parts {
        assert!(found[0].contains(part), "`{part}` expected in: {}", found[0]);
    }
}

#[test]
fn one_cause_is_reported_once_with_its_place_and_count() {
    let schema = Schema::parse(SMALL).unwrap();
    let page = |id: &str| get(&format!("/people/{id}/notes")).answered(200, json!({"value": [{"x": 1}, {"x": 2}]}));
    let differences = [page("1"), page("2")].map(|one| schema.check(&one)).concat();
    let report = Report::of(differences.into_iter().map(|difference| (Cloud::China, difference)), 2);
    assert_eq!(report.findings.len(), 1);
    assert_eq!((report.findings[0].times, report.findings[0].first.part), (4, Part::Response));
    assert_eq!(
        report.to_string(),
        "differences from Graph's schema, 1 in 2 exchanges:\n\
         - China: GET /people/{id}/notes: response $.value[0].x: microsoft.graph.note has no such property; \
         found 1 (4 times)\n"
    );
    assert!(!report.is_clean());
}

#[test]
fn a_document_that_is_no_schema_is_an_error() {
    assert!(Schema::parse("<html><body>not found</body></html>").is_err());
    assert!(Schema::parse("<edmx:Edmx><Schema").is_err());
}

#[test]
fn a_missing_file_skips_and_a_broken_one_fails() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("v1.0-global.csdl.gz");
    assert!(Schema::read(&file).unwrap().is_none());
    std::fs::write(&file, "not gzip").unwrap();
    assert!(Schema::read(&file).unwrap_err().to_string().contains("v1.0-global.csdl.gz"));
}

#[test]
fn a_report_without_a_schema_says_how_to_get_it() {
    let report = check_all(Cloud::Global, &[]);
    match report.skipped {
        Some(reason) => {
            assert!(reason.contains("GRAPH_METADATA_DIR") && reason.contains("$metadata"))
        }
        None => assert!(report.is_clean() && report.unreadable.is_none()),
    }
}
