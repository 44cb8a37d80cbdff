//! Can the window be seen? Decided from what the X server and the window manager say
//! about it and about the windows above it.

use super::cover::{Rect, can_be_seen};

/// `_NET_WM_DESKTOP` of a window that is on all workspaces.
const ALL_WORKSPACES: u32 = 0xFFFF_FFFF;

/// Whether the window can be seen, and if not, why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// Something of it is on the screen.
    Seen,
    /// It is minimised, rolled up, or not shown at all.
    NotShown,
    /// It is on another workspace.
    OtherWorkspace,
    /// The desktop is shown in place of all windows.
    DesktopShown,
    /// It lies outside of every monitor.
    OffScreen,
    /// Other windows cover all of it.
    Covered,
}

/// What holds for any window that a window manager looks after.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Managed {
    /// Minimised (`WM_STATE`, `_NET_WM_STATE_HIDDEN`) or rolled up.
    pub(super) put_away: bool,
    /// Its workspace; none if the window manager has none.
    pub(super) workspace: Option<u32>,
}

/// The window in question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OwnWindow {
    /// What the window manager says of it.
    pub(super) managed: Managed,
    /// Whether it and all that it lies in are mapped.
    pub(super) viewable: bool,
    /// Where its content is.
    pub(super) content: Rect,
}

/// What holds for the whole desktop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Desktop {
    /// The workspace that is shown; none if the window manager has none.
    pub(super) workspace: Option<u32>,
    /// "Show desktop" is on.
    pub(super) desktop_shown: bool,
    /// The monitors.
    pub(super) monitors: Vec<Rect>,
    /// Whether a compositor draws the screen: else nothing is translucent.
    pub(super) composited: bool,
}

/// A mapped window that lies above the one in question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WindowAbove {
    /// What the window manager says of it, if it looks after it.
    pub(super) managed: Option<Managed>,
    /// The area that it takes, frame and shape included, in one or more pieces.
    pub(super) area: Vec<Rect>,
    /// What it declares to be opaque; none if it does not say.
    pub(super) opaque: Option<Vec<Rect>>,
    /// Whether its pixels may be translucent.
    pub(super) has_alpha: bool,
    /// Whether it is drawn translucent as a whole.
    pub(super) faded: bool,
    /// Notifications, tooltips, menus and the like: gone in a moment.
    pub(super) fleeting: bool,
}

impl OwnWindow {
    /// Why the window cannot be seen whatever lies above it; none if that decides.
    #[must_use]
    pub(super) fn out_of_sight(&self, desktop: &Desktop) -> Option<Sight> {
        if elsewhere(&self.managed, desktop) {
            Some(Sight::OtherWorkspace)
        } else if desktop.desktop_shown {
            Some(Sight::DesktopShown)
        } else if self.managed.put_away || !self.viewable {
            Some(Sight::NotShown)
        } else if self.on_screen(desktop).is_empty() {
            Some(Sight::OffScreen)
        } else {
            None
        }
    }

    /// The parts of its content that are within a monitor.
    #[must_use]
    pub(super) fn on_screen(&self, desktop: &Desktop) -> Vec<Rect> {
        let parts = desktop.monitors.iter().map(|m| m.intersect(self.content));
        parts.filter(|part| !part.is_empty()).collect()
    }
}

/// Whether the window can be seen. `above` may come in any order.
#[must_use]
pub(super) fn sight(own: &OwnWindow, desktop: &Desktop, above: &[WindowAbove]) -> Sight {
    if let Some(reason) = own.out_of_sight(desktop) {
        return reason;
    }
    let covers: Vec<Rect> = above
        .iter()
        .flat_map(|window| window.covers(desktop))
        .copied()
        .collect();
    if can_be_seen(&own.on_screen(desktop), &covers) {
        Sight::Seen
    } else {
        Sight::Covered
    }
}

impl WindowAbove {
    /// What nobody can look through. In doubt less rather than more: who may see the
    /// window is taken to see it.
    fn covers(&self, desktop: &Desktop) -> &[Rect] {
        let absent = |managed: &Managed| managed.put_away || elsewhere(managed, desktop);
        if self.fleeting || self.managed.as_ref().is_some_and(absent) {
            return &[];
        }
        if !desktop.composited {
            return &self.area;
        }
        if self.faded {
            return &[];
        }
        if !self.has_alpha {
            return &self.area;
        }
        self.opaque.as_deref().unwrap_or(&[])
    }
}

fn elsewhere(window: &Managed, desktop: &Desktop) -> bool {
    match (window.workspace, desktop.workspace) {
        (Some(ALL_WORKSPACES) | None, _) | (_, None) => false,
        (Some(own), Some(shown)) => own != shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desktop() -> Desktop {
        Desktop {
            workspace: Some(0),
            desktop_shown: false,
            monitors: vec![Rect::at(0, 0, 1280, 800)],
            composited: true,
        }
    }

    fn own() -> OwnWindow {
        OwnWindow {
            managed: Managed {
                put_away: false,
                workspace: Some(0),
            },
            viewable: true,
            content: Rect::at(100, 100, 900, 600),
        }
    }

    fn cover() -> WindowAbove {
        WindowAbove {
            managed: Some(Managed {
                put_away: false,
                workspace: Some(0),
            }),
            area: vec![Rect::at(90, 80, 920, 630)],
            opaque: None,
            has_alpha: false,
            faded: false,
            fleeting: false,
        }
    }

    #[test]
    fn what_cannot_be_seen_says_why() {
        assert_eq!(sight(&own(), &desktop(), &[]), Sight::Seen);
        let mut minimised = own();
        minimised.managed.put_away = true;
        assert_eq!(sight(&minimised, &desktop(), &[]), Sight::NotShown);
        let unmapped = OwnWindow {
            viewable: false,
            ..own()
        };
        assert_eq!(sight(&unmapped, &desktop(), &[]), Sight::NotShown);
        let other = Desktop {
            workspace: Some(1),
            ..desktop()
        };
        assert_eq!(sight(&own(), &other, &[]), Sight::OtherWorkspace);
        let shown = Desktop {
            desktop_shown: true,
            ..desktop()
        };
        assert_eq!(sight(&own(), &shown, &[]), Sight::DesktopShown);
        let away = OwnWindow {
            content: Rect::at(1280, 0, 900, 600),
            ..own()
        };
        assert_eq!(sight(&away, &desktop(), &[]), Sight::OffScreen);
    }

    #[test]
    fn a_window_on_all_workspaces_is_on_this_one() {
        let mut sticky = own();
        sticky.managed.workspace = Some(ALL_WORKSPACES);
        let other = Desktop {
            workspace: Some(3),
            ..desktop()
        };
        assert_eq!(sight(&sticky, &other, &[]), Sight::Seen);
    }

    #[test]
    fn only_what_is_outside_of_all_monitors_is_off_screen() {
        let two = Desktop {
            monitors: vec![Rect::at(0, 0, 1280, 800), Rect::at(1280, 200, 800, 600)],
            ..desktop()
        };
        let between = OwnWindow {
            content: Rect::at(1270, 0, 300, 100),
            ..own()
        };
        assert_eq!(sight(&between, &two, &[]), Sight::Seen);
        let in_dead_corner = OwnWindow {
            content: Rect::at(1300, 0, 300, 200),
            ..own()
        };
        assert_eq!(sight(&in_dead_corner, &two, &[]), Sight::OffScreen);
    }

    #[test]
    fn only_a_full_cover_covers() {
        assert_eq!(sight(&own(), &desktop(), &[cover()]), Sight::Covered);
        let mut partly = cover();
        partly.area = vec![Rect::at(90, 80, 900, 630)];
        assert_eq!(sight(&own(), &desktop(), &[partly.clone()]), Sight::Seen);
        let mut rest = cover();
        rest.area = vec![Rect::at(980, 0, 40, 800)];
        assert_eq!(sight(&own(), &desktop(), &[rest, partly]), Sight::Covered);
    }

    #[test]
    fn what_is_not_there_or_soon_gone_covers_nothing() {
        let mut elsewhere = cover();
        elsewhere.managed = Some(Managed {
            put_away: false,
            workspace: Some(2),
        });
        let mut minimised = cover();
        minimised.managed = Some(Managed {
            put_away: true,
            workspace: Some(0),
        });
        let mut menu = cover();
        menu.fleeting = true;
        let all = [elsewhere, minimised, menu];
        assert_eq!(sight(&own(), &desktop(), &all), Sight::Seen);
        let mut overlay = cover();
        overlay.managed = None;
        assert_eq!(
            sight(&own(), &desktop(), &[overlay]),
            Sight::Covered,
            "what no window manager looks after covers, too"
        );
    }

    #[test]
    fn glass_covers_only_where_it_says_to_be_opaque() {
        let mut glass = cover();
        glass.has_alpha = true;
        assert_eq!(sight(&own(), &desktop(), &[glass.clone()]), Sight::Seen);
        let bare = Desktop {
            composited: false,
            ..desktop()
        };
        assert_eq!(
            sight(&own(), &bare, &[glass.clone()]),
            Sight::Covered,
            "without a compositor there is no glass"
        );
        glass.opaque = Some(vec![Rect::at(95, 95, 910, 610)]);
        assert_eq!(sight(&own(), &desktop(), &[glass.clone()]), Sight::Covered);
        glass.faded = true;
        assert_eq!(sight(&own(), &desktop(), &[glass]), Sight::Seen);
    }
}
