// The icons that the app uses, from lucide, as one inline sprite (Sprite.svelte).
// A new icon is a line here; only what is listed gets into the build.

import activity from 'lucide-static/icons/activity.svg?raw';
import arrowBigUp from 'lucide-static/icons/arrow-big-up.svg?raw';
import arrowRight from 'lucide-static/icons/arrow-right.svg?raw';
import arrowUp from 'lucide-static/icons/arrow-up.svg?raw';
import badgeCheck from 'lucide-static/icons/badge-check.svg?raw';
import bell from 'lucide-static/icons/bell.svg?raw';
import chartLine from 'lucide-static/icons/chart-line.svg?raw';
import check from 'lucide-static/icons/check.svg?raw';
import chevronDown from 'lucide-static/icons/chevron-down.svg?raw';
import chevronLeft from 'lucide-static/icons/chevron-left.svg?raw';
import chevronRight from 'lucide-static/icons/chevron-right.svg?raw';
import chevronUp from 'lucide-static/icons/chevron-up.svg?raw';
import circleAlert from 'lucide-static/icons/circle-alert.svg?raw';
import circleHelp from 'lucide-static/icons/circle-question-mark.svg?raw';
import cloudOff from 'lucide-static/icons/cloud-off.svg?raw';
import cloudUpload from 'lucide-static/icons/cloud-upload.svg?raw';
import copy from 'lucide-static/icons/copy.svg?raw';
import crown from 'lucide-static/icons/crown.svg?raw';
import download from 'lucide-static/icons/download.svg?raw';
import ellipsis from 'lucide-static/icons/ellipsis.svg?raw';
import eyeOff from 'lucide-static/icons/eye-off.svg?raw';
import folder from 'lucide-static/icons/folder.svg?raw';
import hand from 'lucide-static/icons/hand.svg?raw';
import hardDrive from 'lucide-static/icons/hard-drive.svg?raw';
import heart from 'lucide-static/icons/heart.svg?raw';
import history from 'lucide-static/icons/history.svg?raw';
import hourglass from 'lucide-static/icons/hourglass.svg?raw';
import info from 'lucide-static/icons/info.svg?raw';
import keyRound from 'lucide-static/icons/key-round.svg?raw';
import keyboard from 'lucide-static/icons/keyboard.svg?raw';
import laptop from 'lucide-static/icons/laptop.svg?raw';
import laugh from 'lucide-static/icons/laugh.svg?raw';
import lightbulb from 'lucide-static/icons/lightbulb.svg?raw';
import link from 'lucide-static/icons/link.svg?raw';
import list from 'lucide-static/icons/list.svg?raw';
import loader from 'lucide-static/icons/loader-circle.svg?raw';
import lock from 'lucide-static/icons/lock.svg?raw';
import lockOpen from 'lucide-static/icons/lock-open.svg?raw';
import logOut from 'lucide-static/icons/log-out.svg?raw';
import maximize from 'lucide-static/icons/maximize.svg?raw';
import megaphone from 'lucide-static/icons/megaphone.svg?raw';
import messageSquare from 'lucide-static/icons/message-square.svg?raw';
import mic from 'lucide-static/icons/mic.svg?raw';
import micOff from 'lucide-static/icons/mic-off.svg?raw';
import minimize from 'lucide-static/icons/minimize.svg?raw';
import screenOff from 'lucide-static/icons/screen-share-off.svg?raw';
import screenShare from 'lucide-static/icons/monitor-up.svg?raw';
import video from 'lucide-static/icons/video.svg?raw';
import videoOff from 'lucide-static/icons/video-off.svg?raw';
import volume from 'lucide-static/icons/volume-2.svg?raw';
import monitor from 'lucide-static/icons/monitor.svg?raw';
import moon from 'lucide-static/icons/moon.svg?raw';
import mouse from 'lucide-static/icons/mouse-pointer-click.svg?raw';
import palette from 'lucide-static/icons/palette.svg?raw';
import panelRight from 'lucide-static/icons/panel-right.svg?raw';
import partyPopper from 'lucide-static/icons/party-popper.svg?raw';
import pause from 'lucide-static/icons/pause.svg?raw';
import pencil from 'lucide-static/icons/pencil.svg?raw';
import pinOff from 'lucide-static/icons/pin-off.svg?raw';
import pin from 'lucide-static/icons/pin.svg?raw';
import plus from 'lucide-static/icons/plus.svg?raw';
import presentation from 'lucide-static/icons/presentation.svg?raw';
import receipt from 'lucide-static/icons/receipt-text.svg?raw';
import refresh from 'lucide-static/icons/refresh-cw.svg?raw';
import reply from 'lucide-static/icons/reply.svg?raw';
import rotateCw from 'lucide-static/icons/rotate-cw.svg?raw';
import search from 'lucide-static/icons/search.svg?raw';
import server from 'lucide-static/icons/server.svg?raw';
import settings from 'lucide-static/icons/settings.svg?raw';
import shieldAlert from 'lucide-static/icons/shield-alert.svg?raw';
import shieldCheck from 'lucide-static/icons/shield-check.svg?raw';
import smilePlus from 'lucide-static/icons/smile-plus.svg?raw';
import spotlight from 'lucide-static/icons/spotlight.svg?raw';
import thumbsUp from 'lucide-static/icons/thumbs-up.svg?raw';
import timer from 'lucide-static/icons/timer.svg?raw';
import trash from 'lucide-static/icons/trash-2.svg?raw';
import triangleAlert from 'lucide-static/icons/triangle-alert.svg?raw';
import trophy from 'lucide-static/icons/trophy.svg?raw';
import undo from 'lucide-static/icons/undo-2.svg?raw';
import userMinus from 'lucide-static/icons/user-minus.svg?raw';
import userX from 'lucide-static/icons/user-x.svg?raw';
import user from 'lucide-static/icons/user.svg?raw';
import users from 'lucide-static/icons/users.svg?raw';
import vote from 'lucide-static/icons/vote.svg?raw';
import wifiOff from 'lucide-static/icons/wifi-off.svg?raw';
import wifi from 'lucide-static/icons/wifi.svg?raw';
import x from 'lucide-static/icons/x.svg?raw';

const sources = {
  activity,
  'arrow-right': arrowRight,
  'arrow-up': arrowUp,
  bell,
  celebrate: partyPopper,
  'chart-line': chartLine,
  check,
  'chevron-down': chevronDown,
  'chevron-left': chevronLeft,
  'chevron-right': chevronRight,
  'chevron-up': chevronUp,
  'circle-alert': circleAlert,
  'circle-help': circleHelp,
  'cloud-off': cloudOff,
  'cloud-upload': cloudUpload,
  copy,
  crown,
  download,
  ellipsis,
  'eye-off': eyeOff,
  folder,
  hand,
  'hard-drive': hardDrive,
  heart,
  helpful: badgeCheck,
  history,
  hourglass,
  idea: lightbulb,
  info,
  key: keyRound,
  keyboard,
  laptop,
  laugh,
  link,
  list,
  loader,
  lock,
  'lock-open': lockOpen,
  'log-out': logOut,
  maximize,
  megaphone,
  message: messageSquare,
  mic,
  'mic-off': micOff,
  minimize,
  monitor,
  moon,
  mouse,
  palette,
  'panel-right': panelRight,
  pause,
  pencil,
  pin,
  'pin-off': pinOff,
  plus,
  presentation,
  react: smilePlus,
  receipt,
  refresh,
  reply,
  'rotate-cw': rotateCw,
  search,
  screen: screenShare,
  'screen-off': screenOff,
  server,
  settings,
  'shield-alert': shieldAlert,
  'shield-check': shieldCheck,
  spotlight,
  timer,
  trash,
  'thumbs-up': thumbsUp,
  'triangle-alert': triangleAlert,
  trophy,
  undo,
  upvote: arrowBigUp,
  user,
  'user-minus': userMinus,
  'user-x': userX,
  users,
  video,
  'video-off': videoOff,
  volume,
  vote,
  wifi,
  'wifi-off': wifiOff,
  x,
};

/** The name of an icon of the sprite. */
export type IconName = keyof typeof sources;

/** The drawing inside an svg file. */
function drawing(file: string): string {
  return file.slice(file.indexOf('>', file.indexOf('<svg')) + 1, file.lastIndexOf('</svg>')).trim();
}

/** The sprite's symbols, as markup. */
export const symbols: string = Object.entries(sources)
  .map(([name, file]) => `<symbol id="i-${name}" viewBox="0 0 24 24">${drawing(file)}</symbol>`)
  .join('');
