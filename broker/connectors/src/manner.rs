//! The manner in which a token endpoint is asked: data of a profile.

/// The form's member for scopes (RFC 6749 §3.3).
pub(crate) const SCOPE: &str = "scope";

/// The parameter that says whose refresh token which secret holds.
pub(crate) const VAULT: &str = "vault";

/// How a token endpoint is asked.
pub(crate) struct Manner {
    /// Behind `base_url`; `{tenant}` and `{alias}` are parameters, one segment
    /// each, and `{token_path}` is the whole path.
    pub(crate) path: &'static str,
    pub(crate) auth: Auth,
    pub(crate) client_id: ClientIdIn,
    pub(crate) grant: Grant,
    /// Members of the form beside those of grant and client.
    pub(crate) fields: &'static [Field],
    /// Headers: name, and the parameter that holds its value.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// The member that names scopes, where the request narrows.
    pub(crate) scopes: Option<&'static str>,
    pub(crate) revoked: RevokeBy,
}

/// How the client proves itself.
#[derive(Clone, Copy)]
pub(crate) enum Auth {
    /// As `client_auth` says.
    Chosen(BasicStyle),
    /// `Authorization: Basic`.
    Basic(BasicStyle),
    /// `Authorization` with another word before the same characters.
    Scheme(&'static str),
    /// Not at all: the assertion does.
    Nothing,
}

/// What stands in `Authorization: Basic`.
#[derive(Clone, Copy)]
pub(crate) enum BasicStyle {
    /// Id and secret as they are.
    Plain,
    /// Both form-encoded (RFC 6749 §2.3.1).
    FormEncoded,
    /// As they are, or, where UAA would misread them, form-encoded with
    /// `X-CF-ENCODED-CREDENTIALS`.
    Uaa,
}

/// Whether the form names the client.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientIdIn {
    Form,
    /// Not beside `Authorization: Basic` (RFC 6749 §2.3).
    FormUnlessBasic,
    Nowhere,
}

/// The grant.
#[derive(Clone, Copy)]
pub(crate) enum Grant {
    /// RFC 7523.
    Jwt(&'static JwtManner),
    /// RFC 7522.
    Saml(&'static SamlManner),
    /// RFC 8693, with an assertion of ours as the subject token.
    Exchange(&'static JwtManner),
    /// RFC 6749 §4.4.
    Client,
    /// RFC 6749 §6, by the refresh token that is kept for the person.
    Refresh,
}

/// What a JWT assertion says.
pub(crate) struct JwtManner {
    pub(crate) issuer: JwtIssuer,
    pub(crate) audience: NameAt,
    /// Whether the whole chain is in it.
    pub(crate) act: bool,
}

/// `iss` of an assertion.
#[derive(Clone, Copy)]
pub(crate) enum JwtIssuer {
    /// Locum.
    Ours,
    /// The client at the vendor.
    Client,
}

/// `aud` of an assertion.
#[derive(Clone, Copy)]
pub(crate) enum NameAt {
    Fixed(&'static str),
    /// A parameter; without it the client's id where the profile's own default
    /// says so, else the token endpoint's address.
    Parameter(&'static str, Otherwise),
}

/// What counts where a parameter for `aud` was left out.
#[derive(Clone, Copy)]
pub(crate) enum Otherwise {
    ClientId,
    TokenUrl,
}

/// What a SAML assertion says, beside what all do.
pub(crate) struct SamlManner {
    pub(crate) alphabet: Alphabet,
    pub(crate) attributes: SamlAttributes,
}

impl SamlManner {
    /// base64url and no attributes.
    pub(crate) const USUAL: Self = Self {
        alphabet: Alphabet::Url,
        attributes: SamlAttributes::None,
    };
}

/// Which base64.
#[derive(Clone, Copy)]
pub(crate) enum Alphabet {
    /// base64url without padding (RFC 7522 §2.1).
    Url,
    /// The standard one, with padding.
    Standard,
}

/// Which attributes an assertion has.
#[derive(Clone, Copy)]
pub(crate) enum SamlAttributes {
    None,
    /// `client_id`, where `attribute_client_id` says so.
    ClientId,
    /// `api_key`, and `use_email` or `use_username` as `name_id` says.
    SuccessFactors,
}

/// A member of the form, and where its value comes from.
pub(crate) struct Field(pub(crate) &'static str, pub(crate) From);

/// Where a value comes from.
pub(crate) enum From {
    Fixed(&'static str),
    Parameter(&'static str),
    /// The first, else the second.
    Either(&'static str, &'static str),
    /// As JSON, as the one member of an object.
    Inside {
        parameter: &'static str,
        member: &'static str,
    },
    /// A member for each text of the parameter.
    Each(&'static str),
    /// All members of the parameter, by their own names.
    All(&'static str),
}

/// How a token is revoked at the vendor.
#[derive(Clone, Copy)]
pub(crate) enum RevokeBy {
    /// It cannot be.
    Nowhere,
    /// `DELETE` this path and the token, which is Bearer itself; opaque tokens
    /// only.
    AtPath(&'static str),
    /// RFC 7009, at the path that this parameter holds.
    Rfc7009(&'static str),
}

impl Manner {
    /// Whether an assertion by JWT is sent.
    pub(crate) const fn signs_jwt(&self) -> bool {
        matches!(self.grant, Grant::Jwt(_) | Grant::Exchange(_))
    }

    /// Whether the whole chain is in the assertion.
    pub(crate) const fn says_act(&self) -> bool {
        match self.grant {
            Grant::Jwt(manner) | Grant::Exchange(manner) => manner.act,
            Grant::Saml(_) | Grant::Client | Grant::Refresh => false,
        }
    }
}
