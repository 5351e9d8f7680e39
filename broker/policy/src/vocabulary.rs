//! The schema and the names policies speak with, parsed once per process.

use cedar_policy::{EntityId, EntityTypeName, EntityUid, Schema, Validator};
use locum_core::policy::Action;
use std::sync::LazyLock;

/// The published schema (contract §13).
pub const SCHEMA: &str = include_str!("../schema.cedarschema");

/// The entity types of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum EntityKind {
    Agent,
    Group,
    Person,
    Target,
    Team,
    Workload,
}

/// Everything of the schema that a bundle or a question needs.
pub(crate) struct Vocabulary {
    pub(crate) validator: Validator,
    agent: EntityTypeName,
    group: EntityTypeName,
    person: EntityTypeName,
    target: EntityTypeName,
    team: EntityTypeName,
    workload: EntityTypeName,
    exchange: EntityUid,
    pre_authorise: EntityUid,
}

static VOCABULARY: LazyLock<Result<Vocabulary, String>> =
    LazyLock::new(|| Vocabulary::parse().map_err(|error| error.to_string()));

impl Vocabulary {
    /// The one vocabulary; an error would mean that the published schema
    /// itself is broken, which a test excludes.
    pub(crate) fn get() -> Result<&'static Self, &'static str> {
        VOCABULARY.as_ref().map_err(String::as_str)
    }

    fn parse() -> Result<Self, Box<dyn std::error::Error>> {
        let (schema, _warnings) = Schema::from_cedarschema_str(SCHEMA)?;
        Ok(Self {
            validator: Validator::new(schema),
            agent: "Agent".parse()?,
            group: "Group".parse()?,
            person: "Person".parse()?,
            target: "Target".parse()?,
            team: "Team".parse()?,
            workload: "Workload".parse()?,
            exchange: r#"Action::"exchange""#.parse()?,
            pre_authorise: r#"Action::"pre_authorise""#.parse()?,
        })
    }

    /// The type's name in Cedar.
    pub(crate) fn type_of(&self, kind: EntityKind) -> &EntityTypeName {
        match kind {
            EntityKind::Agent => &self.agent,
            EntityKind::Group => &self.group,
            EntityKind::Person => &self.person,
            EntityKind::Target => &self.target,
            EntityKind::Team => &self.team,
            EntityKind::Workload => &self.workload,
        }
    }

    /// An entity's name; the id is taken as it is, never parsed.
    pub(crate) fn entity(&self, kind: EntityKind, id: &str) -> EntityUid {
        EntityUid::from_type_name_and_id(self.type_of(kind).clone(), EntityId::new(id))
    }

    /// An action's name.
    pub(crate) fn action(&self, action: Action) -> &EntityUid {
        match action {
            Action::Exchange => &self.exchange,
            Action::PreAuthorise => &self.pre_authorise,
        }
    }
}
