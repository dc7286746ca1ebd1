//! The body of "Put Block List": which blocks make up a blob.

use super::error::Refusal;
use super::operation::Misread;
use quick_xml::Reader;
use quick_xml::events::Event;

/// The ids of the blocks, in their order. Blocks of the blob as it was (`Committed`) are not simulated.
pub(super) fn read(body: &[u8]) -> Result<Vec<String>, Misread> {
    let invalid = || Misread::from(Refusal::new(400, "InvalidXmlDocument"));
    let mut reader = Reader::from_str(std::str::from_utf8(body).map_err(|_| invalid())?);
    let mut ids = Vec::new();
    let mut in_id = false;
    loop {
        match reader.read_event().map_err(|_| invalid())? {
            Event::Start(tag) => match tag.name().as_ref() {
                "BlockList" => {}
                "Latest" | "Uncommitted" => in_id = true,
                _ => return Err(Misread::NotSimulated("blocks that are part of the blob".to_owned())),
            },
            Event::End(_) => in_id = false,
            Event::Text(text) if in_id => ids.push(text.to_string()),
            Event::Eof => return Ok(ids),
            _ => {}
        }
    }
}
