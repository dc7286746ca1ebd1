//! Reads the text of a `$filter`.

use super::{Affix, Expression, Literal, Operator};
use crate::tenant::error::GraphError;

/// Reads a whole filter.
pub(super) fn expression(text: &str) -> Result<Expression, GraphError> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, variables: Vec::new(), text };
    let expression = parser.or()?;
    if parser.at < parser.tokens.len() { Err(parser.error()) } else { Ok(expression) }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// A name, a path, a keyword or an unquoted literal.
    Word(String),
    Text(String),
    Open,
    Close,
    Comma,
    Colon,
}

fn tokens(text: &str) -> Result<Vec<Token>, GraphError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            ' ' => {
                rest = &rest[1..];
                continue;
            }
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '\'' => quoted(rest).ok_or_else(|| syntax_error(text))?,
            ':' => (Token::Colon, 1),
            _ => word(rest),
        };
        tokens.push(token);
        rest = &rest[length..];
    }
    Ok(tokens)
}

/// A quoted text, in which a quote is written twice, and its length in bytes.
fn quoted(text: &str) -> Option<(Token, usize)> {
    let mut value = String::new();
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != '\'' {
            value.push(letter);
        } else if letters.peek().is_some_and(|(_, next)| *next == '\'') {
            letters.next();
            value.push('\'');
        } else {
            return Some((Token::Text(value), at + 1));
        }
    }
    None
}

fn word(text: &str) -> (Token, usize) {
    let is_time = text.starts_with(|letter: char| letter.is_ascii_digit());
    let ends = |letter: char| " (),'".contains(letter) || (letter == ':' && !is_time);
    let length = text.find(ends).unwrap_or(text.len());
    (Token::Word(text[..length].to_owned()), length)
}

fn syntax_error(text: &str) -> GraphError {
    GraphError::bad_request(format!("Invalid filter clause: syntax error in '{text}'."))
}

struct Parser<'a> {
    tokens: Vec<Token>,
    at: usize,
    /// Of the lambdas that are open.
    variables: Vec<String>,
    text: &'a str,
}

impl Parser<'_> {
    fn error(&self) -> GraphError {
        syntax_error(self.text)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn is(&self, token: &Token) -> bool {
        self.tokens.get(self.at) == Some(token)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Word(found)) if found == word)
    }

    fn expect(&mut self, token: &Token) -> Result<(), GraphError> {
        if self.next().as_ref() == Some(token) { Ok(()) } else { Err(self.error()) }
    }

    fn word(&mut self) -> Result<String, GraphError> {
        match self.next() {
            Some(Token::Word(word)) => Ok(word),
            _ => Err(self.error()),
        }
    }

    fn or(&mut self) -> Result<Expression, GraphError> {
        let mut left = self.and()?;
        while self.is_word("or") {
            self.at += 1;
            left = Expression::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expression, GraphError> {
        let mut left = self.not()?;
        while self.is_word("and") {
            self.at += 1;
            left = Expression::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Expression, GraphError> {
        if self.is_word("not") {
            self.at += 1;
            return Ok(Expression::Not(Box::new(self.not()?)));
        }
        if self.is(&Token::Open) {
            self.at += 1;
            let inner = self.or()?;
            self.expect(&Token::Close)?;
            return Ok(inner);
        }
        self.term()
    }

    fn term(&mut self) -> Result<Expression, GraphError> {
        let word = self.word()?;
        if self.is(&Token::Open) {
            self.at += 1;
            return match word.to_lowercase().as_str() {
                "startswith" => self.affix(Affix::StartsWith),
                "endswith" => self.affix(Affix::EndsWith),
                "contains" => self.affix(Affix::Contains),
                _ => match word.strip_suffix("/any") {
                    Some(collection) => self.any(collection),
                    None => Err(self.error()),
                },
            };
        }
        let mut path = self.path(&word)?;
        let operator = self.word()?;
        if operator == "in" {
            return Ok(Expression::In { path, literals: self.list()? });
        }
        let operator = match operator.as_str() {
            "eq" => Operator::Eq,
            "ne" => Operator::Ne,
            "ge" => Operator::Ge,
            "le" => Operator::Le,
            "gt" => Operator::Gt,
            "lt" => Operator::Lt,
            _ => {
                return Err(GraphError::unsupported_query(format!("The operator '{operator}' is not supported.")));
            }
        };
        let literal = self.literal()?;
        if path.last().is_some_and(|last| last == "$count") {
            path.pop();
            let Literal::Number(number) = literal else {
                return Err(self.error());
            };
            return Ok(Expression::Count { path, operator, number });
        }
        Ok(Expression::Compare { path, operator, literal })
    }

    fn affix(&mut self, affix: Affix) -> Result<Expression, GraphError> {
        let mut word = self.word()?;
        let lower = word.eq_ignore_ascii_case("tolower") && self.is(&Token::Open);
        if lower {
            self.at += 1;
            word = self.word()?;
            self.expect(&Token::Close)?;
        }
        let path = self.path(&word)?;
        self.expect(&Token::Comma)?;
        let Literal::Text(literal) = self.literal()? else {
            return Err(self.error());
        };
        self.expect(&Token::Close)?;
        Ok(Expression::Affix { path, affix, literal, lower })
    }

    fn any(&mut self, collection: &str) -> Result<Expression, GraphError> {
        let path = self.path(collection)?;
        if self.is(&Token::Close) {
            self.at += 1;
            return Ok(Expression::Any { path, condition: None });
        }
        let variable = self.word()?;
        self.expect(&Token::Colon)?;
        self.variables.push(variable);
        let condition = self.or()?;
        self.variables.pop();
        self.expect(&Token::Close)?;
        Ok(Expression::Any { path, condition: Some(Box::new(condition)) })
    }

    /// A path; inside a lambda it begins with the variable, which is left out.
    fn path(&self, word: &str) -> Result<Vec<String>, GraphError> {
        let mut path: Vec<String> = word.split('/').map(str::to_owned).collect();
        if let Some(variable) = self.variables.last() {
            if path.first() != Some(variable) {
                return Err(self.error());
            }
            path.remove(0);
        }
        Ok(path)
    }

    fn list(&mut self) -> Result<Vec<Literal>, GraphError> {
        self.expect(&Token::Open)?;
        let mut literals = vec![self.literal()?];
        loop {
            match self.next() {
                Some(Token::Comma) => literals.push(self.literal()?),
                Some(Token::Close) => return Ok(literals),
                _ => return Err(self.error()),
            }
        }
    }

    fn literal(&mut self) -> Result<Literal, GraphError> {
        match self.next() {
            Some(Token::Text(text)) => Ok(Literal::Text(text)),
            Some(Token::Word(word)) => match word.as_str() {
                "null" => Ok(Literal::Null),
                "true" => Ok(Literal::Bool(true)),
                "false" => Ok(Literal::Bool(false)),
                _ => {
                    let number = word.parse().ok().map(Literal::Number);
                    let time = || word.parse().ok().map(Literal::Time);
                    // An id may be written without quotes.
                    let id = || word.parse::<uuid::Uuid>().ok().map(|id| Literal::Text(id.to_string()));
                    number.or_else(time).or_else(id).ok_or_else(|| self.error())
                }
            },
            _ => Err(self.error()),
        }
    }
}
