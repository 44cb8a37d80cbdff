import type { BookReason } from '../bridge/backend';
import type { IconName } from './icons';

/** The icon of each reason for which time did not count. */
export const reasonIcons: Record<BookReason, IconName> = {
  asleep: 'moon',
  locked: 'lock',
  hidden: 'eye-off',
  nobodyThere: 'user-x',
  connectionLost: 'wifi-off',
  notReported: 'cloud-off',
  notVouchedFor: 'shield-alert',
  cap: 'hourglass',
  other: 'circle-help',
};
