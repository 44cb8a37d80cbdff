import type { MarkKind } from '../../bridge/backend';
import type { IconName } from '../../design/icons';

/** The icon of each mark. */
export const MARK_ICONS: Record<MarkKind, IconName> = {
  upvote: 'upvote',
  helpful: 'helpful',
  agree: 'thumbs-up',
  heart: 'heart',
  laugh: 'laugh',
  celebrate: 'celebrate',
  idea: 'idea',
};

/** The reactions that can be chosen. */
export const REACTIONS: readonly MarkKind[] = ['agree', 'heart', 'laugh', 'celebrate', 'idea'];
