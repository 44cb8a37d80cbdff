//! What roles may do and where they stand.

use std::collections::BTreeMap;

use kulti_protocol::signalling::{Permissions, PolicyChange, Role};

use super::{
    grid::Group,
    view::{MaySendView, PermissionsView},
};

/// The product's role names.
const HOST: &str = "host";
const PRESENTER: &str = "presenter";
const VIEWER: &str = "viewer";

/// How many roles a policy may have.
const LIMIT: usize = 100;

/// My role, and all roles of the room.
#[derive(Debug)]
pub(super) struct Roles {
    mine: String,
    known: BTreeMap<String, Role>,
}

impl Roles {
    /// Until the policy comes: a role name from the token and nothing else.
    pub(super) fn new(mine: &str) -> Self {
        Self {
            mine: mine.to_owned(),
            known: BTreeMap::new(),
        }
    }

    /// Takes a policy. True if my role is another one now.
    pub(super) fn adopt(&mut self, policy: PolicyChange) -> bool {
        self.known = policy.known_roles.into_iter().take(LIMIT).collect();
        let changed = self.mine != policy.name;
        self.mine = policy.name;
        changed
    }

    pub(super) fn mine(&self) -> &str {
        &self.mine
    }

    /// Whether somebody of this role may manage the stage: the product's hosts and
    /// presenters, and in rooms with other roles those who may change roles or end
    /// the room.
    pub(super) fn manages_stage(&self, role: &str) -> bool {
        match role {
            HOST | PRESENTER => true,
            VIEWER => false,
            other => {
                let may = self.permissions(other);
                may.change_role || may.end_room
            }
        }
    }

    /// Where a role stands in the grid.
    pub(super) fn group(&self, role: &str) -> Group {
        match role {
            HOST => Group::Hosts,
            PRESENTER => Group::Presenters,
            VIEWER => Group::Viewers,
            other => {
                let may = self.permissions(other);
                if may.end_room {
                    Group::Hosts
                } else if may.change_role {
                    Group::Presenters
                } else {
                    Group::Viewers
                }
            }
        }
    }

    /// Whether a role earns what hosts earn.
    pub(super) fn hosts(&self, role: &str) -> bool {
        self.group(role) == Group::Hosts
    }

    /// What I may do. Nothing until the policy has come.
    pub(super) fn mine_can(&self) -> PermissionsView {
        let may = self.permissions(&self.mine);
        PermissionsView {
            manage_stage: !self.known.is_empty() && self.manages_stage(&self.mine),
            change_role: may.change_role,
            remove_others: may.remove_others,
            lower_hands: may.change_role || may.remove_others,
            end_session: may.end_room,
            mark_helpful: may.end_room,
            poll_write: may.poll_write,
        }
    }

    /// What I may send. Nothing until the policy has come.
    pub(super) fn may_send(&self) -> MaySendView {
        let Some(role) = self.known.get(&self.mine) else {
            return MaySendView::default();
        };
        let allowed = &role.publish_params.allowed;
        let may = |what: &str| allowed.iter().any(|allowed| allowed == what);
        MaySendView {
            microphone: may("audio"),
            camera: may("video"),
            screen: may("screen"),
        }
    }

    /// The roles that may run polls.
    pub(super) fn poll_runners(&self) -> Vec<String> {
        let may = |(_, role): &(&String, &Role)| role.permissions.poll_write;
        let all = self.known.iter().filter(may);
        all.map(|(name, _)| name.clone()).collect()
    }

    /// The roles that vote in polls: all but hosts; empty, and so everybody, where there
    /// are no others.
    pub(super) fn poll_voters(&self) -> Vec<String> {
        let names = self.known.keys().filter(|name| !self.hosts(name));
        names.cloned().collect()
    }

    fn permissions(&self, role: &str) -> Permissions {
        self.known
            .get(role)
            .map_or_else(Permissions::default, |role| role.permissions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(mine: &str, roles: &[(&str, Permissions)]) -> PolicyChange {
        let known_roles = roles
            .iter()
            .map(|&(name, permissions)| {
                let role = Role {
                    name: name.to_owned(),
                    permissions,
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

    #[test]
    fn other_names_are_judged_by_their_permissions() {
        let teacher = Permissions {
            end_room: true,
            ..Permissions::default()
        };
        let tutor = Permissions {
            change_role: true,
            ..Permissions::default()
        };
        let nothing = Permissions::default();
        let mut roles = Roles::new("pupil");
        roles.adopt(policy(
            "pupil",
            &[("teacher", teacher), ("tutor", tutor), ("pupil", nothing)],
        ));
        assert_eq!(roles.group("teacher"), Group::Hosts);
        assert_eq!(roles.group("tutor"), Group::Presenters);
        assert_eq!(roles.group("pupil"), Group::Viewers);
        assert_eq!(roles.group("never heard of"), Group::Viewers);
        assert!(roles.manages_stage("tutor"));
        assert!(!roles.manages_stage("pupil"));
    }

    #[test]
    fn a_viewer_is_a_viewer_whatever_the_policy_allows() {
        let all = Permissions {
            end_room: true,
            change_role: true,
            ..Permissions::default()
        };
        let mut roles = Roles::new("viewer");
        roles.adopt(policy("viewer", &[("viewer", all)]));
        assert!(!roles.mine_can().manage_stage);
        assert_eq!(roles.group("viewer"), Group::Viewers);
    }

    #[test]
    fn without_a_policy_nothing_is_allowed() {
        assert_eq!(Roles::new("host").mine_can(), PermissionsView::default());
    }
}
