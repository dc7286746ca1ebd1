//! Parses `$filter` and holds every property, comparison and function in it against the schema.
//!
//! Responsible for: the grammar that Graph documents, lambdas included. Not responsible for: which of those filters a
//! service supports.

use super::edm::Literal;
use super::model::{Model, TypeRef};
use super::property_path::{Walked, walk};

/// Something that the schema does not allow.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) says: String,
    pub(super) found: String,
}

/// Checks a filter on items of a type; the first error of grammar ends it.
pub(super) fn check(model: &Model, ty: &str, text: &str) -> Vec<Problem> {
    let mut parser =
        Parser { model, item: TypeRef::single(ty), text, at: 0, variables: Vec::new(), problems: Vec::new() };
    let outcome = parser.condition().and_then(|()| match parser.rest() {
        "" => Ok(()),
        rest => Err(Problem { says: "the filter should end here".to_owned(), found: rest.to_owned() }),
    });
    parser.problems.extend(outcome.err());
    parser.problems
}

/// One side of a comparison.
enum Operand {
    Value(TypeRef),
    Literal(Literal),
    /// Already a condition, such as a function or a group in parentheses.
    Condition,
    /// Of a type that the schema does not tell, or that was a problem already.
    Unknown,
}

/// A function that is not bound: its name in lower case, the types of what it takes, and of what it gives.
type Function = (&'static str, &'static [&'static str], &'static str);

const FUNCTIONS: &[Function] = &[
    ("startswith", &["Edm.String", "Edm.String"], "Edm.Boolean"),
    ("endswith", &["Edm.String", "Edm.String"], "Edm.Boolean"),
    ("contains", &["Edm.String", "Edm.String"], "Edm.Boolean"),
    ("tolower", &["Edm.String"], "Edm.String"),
    ("toupper", &["Edm.String"], "Edm.String"),
    ("trim", &["Edm.String"], "Edm.String"),
    ("length", &["Edm.String"], "Edm.Int32"),
    ("indexof", &["Edm.String", "Edm.String"], "Edm.Int32"),
];

struct Parser<'p> {
    model: &'p Model,
    item: TypeRef,
    text: &'p str,
    at: usize,
    /// The variables of the lambdas around, innermost last; `None` where the type is not known.
    variables: Vec<(&'p str, Option<TypeRef>)>,
    problems: Vec<Problem>,
}

impl<'p> Parser<'p> {
    /// `a or b and not (c)`. Precedence does not matter here, as nothing is evaluated.
    fn condition(&mut self) -> Result<(), Problem> {
        loop {
            while self.keyword("not") {}
            self.comparison()?;
            if !self.keyword("and") && !self.keyword("or") {
                return Ok(());
            }
        }
    }

    fn comparison(&mut self) -> Result<(), Problem> {
        let start = self.at;
        let left = self.operand()?;
        if self.keyword("in") {
            self.expect('(')?;
            loop {
                let right = self.operand()?;
                self.compare(&left, &right, start);
                if !self.eat(',') {
                    return self.expect(')');
                }
            }
        }
        if ["eq", "ne", "gt", "ge", "lt", "le", "has"].into_iter().any(|operator| self.keyword(operator)) {
            let right = self.operand()?;
            self.compare(&left, &right, start);
        } else if !matches!(left, Operand::Condition | Operand::Unknown | Operand::Literal(Literal::Boolean))
            && !matches!(&left, Operand::Value(ty) if *ty == TypeRef::single("Edm.Boolean"))
        {
            self.problem("a condition", start);
        }
        Ok(())
    }

    fn operand(&mut self) -> Result<Operand, Problem> {
        if self.eat('(') {
            self.condition()?;
            self.expect(')')?;
            return Ok(Operand::Condition);
        }
        if self.rest().starts_with('\'') {
            return Ok(Operand::Literal(Literal::String(self.string()?)));
        }
        let start = self.at;
        let word = self.word();
        if word.is_empty() {
            return Err(self.broken("a property, a literal or a function"));
        }
        if self.text[self.at..].starts_with('\'') {
            let text = self.string()?;
            return Ok(Operand::Literal(match word {
                "duration" => Literal::Duration,
                _ => Literal::Enumeration(word.to_owned(), text),
            }));
        }
        if self.eat('(') {
            return match word.rsplit_once('/') {
                Some((path, "any" | "all")) => self.lambda(path, start),
                _ => self.function(word, start),
            };
        }
        match Literal::parse(word) {
            Some(literal) => Ok(Operand::Literal(literal)),
            None => Ok(self.path(word, start)),
        }
    }

    /// A path from the item, or from the variable of a lambda.
    fn path(&mut self, path: &str, start: usize) -> Operand {
        let (head, tail) = path.split_once('/').map_or((path, None), |(head, tail)| (head, Some(tail)));
        let variable = self.variables.iter().rev().find(|(name, _)| *name == head).map(|(_, ty)| ty.clone());
        let (from, path) = match (variable, tail) {
            (Some(None), _) => return Operand::Unknown,
            (Some(Some(ty)), None) => return Operand::Value(ty),
            (Some(Some(ty)), Some(tail)) => (ty, tail),
            (None, _) => (self.item.clone(), path),
        };
        match walk(self.model, &from, path, false) {
            Ok(Walked::Typed { ty, .. }) => Operand::Value(ty),
            Ok(Walked::Dynamic) => Operand::Unknown,
            Err(says) => {
                self.problem(&says, start);
                Operand::Unknown
            }
        }
    }

    /// After `path/any(`.
    fn lambda(&mut self, path: &str, start: usize) -> Result<Operand, Problem> {
        let items = match self.path(path, start) {
            Operand::Value(ty) if ty.collection => Some(TypeRef::single(&ty.name)),
            Operand::Value(ty) => {
                self.problem(&format!("{ty} is no collection, so it has neither any() nor all()"), start);
                None
            }
            _ => None,
        };
        if self.eat(')') {
            return Ok(Operand::Condition);
        }
        let variable = self.word();
        self.expect(':')?;
        self.variables.push((variable, items));
        self.condition()?;
        self.variables.pop();
        self.expect(')')?;
        Ok(Operand::Condition)
    }

    /// After `name(`.
    fn function(&mut self, name: &str, start: usize) -> Result<Operand, Problem> {
        let lower = name.to_ascii_lowercase();
        let Some((_, parameters, returns)) = FUNCTIONS.iter().find(|(known, ..)| *known == lower) else {
            return Err(Problem { says: "a function that Graph documents".to_owned(), found: name.to_owned() });
        };
        for (index, parameter) in parameters.iter().enumerate() {
            if index > 0 {
                self.expect(',')?;
            }
            let argument = self.operand()?;
            self.compare(&Operand::Value(TypeRef::single(parameter)), &argument, start);
        }
        self.expect(')')?;
        Ok(if *returns == "Edm.Boolean" { Operand::Condition } else { Operand::Value(TypeRef::single(returns)) })
    }

    fn compare(&mut self, left: &Operand, right: &Operand, start: usize) {
        let says = match (left, right) {
            (Operand::Value(ty), Operand::Literal(literal)) | (Operand::Literal(literal), Operand::Value(ty)) => {
                self.literal_problem(ty, literal)
            }
            (Operand::Value(one), Operand::Value(other)) if one != other => Some(format!("{one} against {other}")),
            (Operand::Condition, Operand::Literal(literal)) if *literal != Literal::Boolean => {
                Some("a condition is true or false".to_owned())
            }
            _ => None,
        };
        if let Some(says) = says {
            self.problem(&says, start);
        }
    }

    fn literal_problem(&self, ty: &TypeRef, literal: &Literal) -> Option<String> {
        if *literal == Literal::Null {
            return None;
        }
        if ty.collection {
            return Some(format!("{ty} is compared within any() or all()"));
        }
        let fits = match (self.model.enumerations.get(&ty.name), literal) {
            (None, literal) => literal.fits(&ty.name),
            (Some(known), Literal::String(member)) => known.accepts(member),
            (Some(known), Literal::Enumeration(name, member)) => *name == ty.name && known.accepts(member),
            (Some(_), _) => false,
        };
        (!fits).then(|| format!("a literal of {ty}"))
    }

    /// A string in quotes; a quote inside is doubled.
    fn string(&mut self) -> Result<String, Problem> {
        let mut content = String::new();
        let inside = &self.rest()[1..];
        let mut rest = inside;
        while let Some(end) = rest.find('\'') {
            content.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            if !rest.starts_with('\'') {
                self.at = self.text.len() - rest.len();
                return Ok(content);
            }
            content.push('\'');
            rest = &rest[1..];
        }
        Err(self.broken("a string that is closed"))
    }

    /// A run of what names, paths and unquoted literals consist of. Colons belong to times, not to names.
    fn word(&mut self) -> &'p str {
        let rest = self.rest();
        let number = rest.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        let inside = |c: char| c.is_alphanumeric() || "_./$@-".contains(c) || number && "+:".contains(c);
        let word = &rest[..rest.find(|c| !inside(c)).unwrap_or(rest.len())];
        self.at = self.text.len() - rest.len() + word.len();
        word
    }

    /// Takes a word of the grammar, if it stands here as a whole word.
    fn keyword(&mut self, keyword: &str) -> bool {
        let before = self.at;
        let found = self.word() == keyword;
        if !found {
            self.at = before;
        }
        found
    }

    fn eat(&mut self, sign: char) -> bool {
        let found = self.rest().starts_with(sign);
        if found {
            self.at = self.text.len() - self.rest().len() + sign.len_utf8();
        }
        found
    }

    fn expect(&mut self, sign: char) -> Result<(), Problem> {
        if self.eat(sign) { Ok(()) } else { Err(self.broken(&format!("`{sign}`"))) }
    }

    fn rest(&self) -> &'p str {
        self.text[self.at..].trim_start()
    }

    fn problem(&mut self, says: &str, start: usize) {
        // A lambda's path is judged when its parenthesis has been read already.
        let found = self.text[start..self.at].trim().trim_end_matches('(').to_owned();
        self.problems.push(Problem { says: says.to_owned(), found });
    }

    fn broken(&self, says: &str) -> Problem {
        Problem { says: says.to_owned(), found: self.rest().to_owned() }
    }
}
