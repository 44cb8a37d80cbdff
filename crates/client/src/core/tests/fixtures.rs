//! Peers and policies to test with.

use std::collections::BTreeMap;

use kulti_protocol::signalling::{Peer, PeerInfo, Permissions, PolicyChange, PublishParams, Role};

/// Peers of these tests are called after their role: `host-1`, `viewer-2`.
pub(super) fn role_of(peer_id: &str) -> &str {
    peer_id.split('-').next().unwrap()
}

pub(super) fn peer(id: &str, name: &str, role: &str, joined_at: u64) -> Peer {
    Peer {
        peer_id: id.to_owned(),
        role: role.to_owned(),
        groups: Vec::new(),
        joined_at,
        realtime: true,
        info: PeerInfo {
            name: name.to_owned(),
            user_id: format!("user-{id}"),
            ..PeerInfo::default()
        },
        tracks: BTreeMap::new(),
    }
}

pub(super) fn policy(mine: &str) -> PolicyChange {
    let all = Permissions {
        end_room: true,
        remove_others: true,
        change_role: true,
        poll_write: true,
        ..Permissions::default()
    };
    let roles = [
        ("host", all, &["audio", "video", "screen"] as &[&str]),
        ("presenter", Permissions::default(), &["audio"]),
        ("viewer", Permissions::default(), &[]),
    ];
    let known_roles = roles
        .into_iter()
        .map(|(name, permissions, allowed)| {
            let publish_params = PublishParams {
                allowed: allowed.iter().map(|&what| what.to_owned()).collect(),
                ..PublishParams::default()
            };
            let role = Role {
                name: name.to_owned(),
                permissions,
                publish_params,
                ..Role::default()
            };
            (name.to_owned(), role)
        })
        .collect();
    PolicyChange {
        name: mine.to_owned(),
        known_roles,
        plugins: serde_json::Map::new(),
        template_id: String::new(),
        app_data: BTreeMap::new(),
    }
}
