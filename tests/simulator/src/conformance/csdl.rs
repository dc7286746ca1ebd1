//! Reads a CSDL document (`OData` 4.0, XML) into a [`Model`].
//!
//! Responsible for: keeping what requests and answers are held against. Not responsible for: annotations, keys and
//! bindings of navigation properties, which say nothing about the shape of an exchange.

use anyhow::{Context, Result, bail, ensure};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::collections::HashMap;

use super::model::{Enumeration, Kind, Model, Operation, Parameter, Property, Structured, TypeRef};

/// Reads a whole document.
pub(super) fn parse(document: &str) -> Result<Model> {
    let mut reader = Reader::from_str(document);
    let mut builder = Builder::default();
    loop {
        let event = reader.read_event().with_context(|| format!("at byte {}", reader.error_position()))?;
        match event {
            Event::Start(element) if matches!(element.local_name().as_ref(), "Annotation" | "Annotations") => {
                reader.read_to_end(element.name())?;
            }
            Event::Start(element) | Event::Empty(element) => builder.open(&element)?,
            Event::Eof => return builder.finish(),
            _ => {}
        }
    }
}

/// What is being filled. Types and operations do not nest, so a child belongs to the one opened last, and closing tags
/// need not be watched.
#[derive(Default)]
struct Builder {
    model: Model,
    namespace: String,
    /// Types and enumerations by full name, in the order of the document.
    types: Vec<(String, Structured)>,
    enumerations: Vec<(String, Enumeration)>,
    operations: Vec<(Option<TypeRef>, Operation)>,
}

impl Builder {
    fn open(&mut self, element: &BytesStart<'_>) -> Result<()> {
        let tag = element.local_name();
        let tag = tag.as_ref();
        match tag {
            "Schema" => {
                self.namespace = required(element, "Namespace")?;
                if let Some(alias) = attribute(element, "Alias")? {
                    self.model.aliases.insert(alias, self.namespace.clone());
                }
            }
            "EntityType" | "ComplexType" => {
                let ty = Structured {
                    base: attribute(element, "BaseType")?,
                    open: is_true(element, "OpenType")?,
                    entity: tag == "EntityType",
                    properties: HashMap::new(),
                };
                self.types.push((self.full_name(element)?, ty));
            }
            "Property" | "NavigationProperty" => self.property(element, tag == "NavigationProperty")?,
            "EnumType" => {
                let enumeration = Enumeration { flags: is_true(element, "IsFlags")?, ..Enumeration::default() };
                self.enumerations.push((self.full_name(element)?, enumeration));
            }
            "Member" => {
                let (_, enumeration) = self.enumerations.last_mut().context("a Member outside an EnumType")?;
                enumeration.members.insert(required(element, "Name")?);
            }
            "Action" | "Function" => {
                ensure!(is_true(element, "IsBound")?, "an unbound operation, which Graph does not have");
                let operation = Operation {
                    name: required(element, "Name")?,
                    action: tag == "Action",
                    binding: TypeRef::single(""),
                    parameters: Vec::new(),
                    returns: None,
                };
                self.operations.push((None, operation));
            }
            "Parameter" => self.parameter(element)?,
            "ReturnType" => {
                let (_, operation) = self.operations.last_mut().context("a ReturnType outside an operation")?;
                operation.returns = Some(TypeRef::parse(&required(element, "Type")?));
            }
            "EntitySet" => {
                let ty = TypeRef::collection(&required(element, "EntityType")?);
                self.model.roots.insert(required(element, "Name")?, ty);
            }
            "Singleton" => {
                let ty = TypeRef::single(&required(element, "Type")?);
                self.model.roots.insert(required(element, "Name")?, ty);
            }
            "TypeDefinition" | "FunctionImport" | "ActionImport" => {
                bail!("a {tag}, which Graph does not have")
            }
            _ => {}
        }
        Ok(())
    }

    fn property(&mut self, element: &BytesStart<'_>, navigation: bool) -> Result<()> {
        let kind = match (navigation, is_true(element, "ContainsTarget")?) {
            (false, _) => Kind::Structural,
            (true, true) => Kind::Contained,
            (true, false) => Kind::Referenced,
        };
        let property = Property { ty: TypeRef::parse(&required(element, "Type")?), nullable: nullable(element)?, kind };
        let (_, ty) = self.types.last_mut().context("a property outside a type")?;
        ty.properties.insert(required(element, "Name")?, property);
        Ok(())
    }

    /// The first parameter of a bound operation is what it is bound to.
    fn parameter(&mut self, element: &BytesStart<'_>) -> Result<()> {
        let ty = TypeRef::parse(&required(element, "Type")?);
        let (binding, operation) = self.operations.last_mut().context("a Parameter outside an operation")?;
        if binding.is_none() {
            *binding = Some(ty);
        } else {
            let name = required(element, "Name")?;
            operation.parameters.push(Parameter { name, ty, nullable: nullable(element)? });
        }
        Ok(())
    }

    fn full_name(&self, element: &BytesStart<'_>) -> Result<String> {
        Ok(format!("{}.{}", self.namespace, required(element, "Name")?))
    }

    /// Aliases may be used before the schema that declares them, so they are replaced at the end.
    fn finish(mut self) -> Result<Model> {
        let named = Model { aliases: self.model.aliases.clone(), ..Model::default() };
        let expand = |name: &mut String| *name = named.full_name(name).into_owned();
        for (name, mut ty) in self.types {
            ty.base.iter_mut().for_each(expand);
            ty.properties.values_mut().for_each(|property| expand(&mut property.ty.name));
            self.model.types.insert(name, ty);
        }
        self.model.enumerations.extend(self.enumerations);
        for (binding, mut operation) in self.operations {
            operation.binding = binding.with_context(|| format!("{} is bound to nothing", operation.name))?;
            expand(&mut operation.binding.name);
            operation.parameters.iter_mut().for_each(|parameter| expand(&mut parameter.ty.name));
            operation.returns.iter_mut().for_each(|ty| expand(&mut ty.name));
            self.model.operations.entry(operation.name.clone()).or_default().push(operation);
        }
        self.model.roots.values_mut().for_each(|ty| expand(&mut ty.name));
        ensure!(!self.model.roots.is_empty(), "the document has no entity container");
        Ok(self.model)
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>> {
    // Names of types and properties have nothing to unescape.
    Ok(element.try_get_attribute(name)?.map(|attribute| attribute.value.into_owned()))
}

fn required(element: &BytesStart<'_>, name: &str) -> Result<String> {
    attribute(element, name)?.with_context(|| format!("{} without {name}", element.local_name().as_ref()))
}

fn is_true(element: &BytesStart<'_>, name: &str) -> Result<bool> {
    Ok(attribute(element, name)?.is_some_and(|value| value == "true"))
}

fn nullable(element: &BytesStart<'_>) -> Result<bool> {
    Ok(attribute(element, "Nullable")?.is_none_or(|value| value != "false"))
}
