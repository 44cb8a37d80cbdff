// Gives tests the whole SDK as `window.HMS`, and one client of it, set up as a web
// page does: `window.hms.actions`, `window.hms.store`, `window.hms.notifications`.
// What happened is kept in `window.hms.log`, since a test looks at it afterwards.
import * as HMS from '@100mslive/hms-video-store';

const client = new HMS.HMSReactiveStore();
client.triggerOnSubscribe();

const hms = {
  client,
  actions: client.getActions(),
  store: client.getStore(),
  notifications: client.getNotifications(),
  log: [],
};
hms.notifications.onNotification((notification) => {
  hms.log.push({
    at: Date.now(),
    type: notification.type,
    severity: notification.severity,
    message: notification.message,
    code: notification.data?.code,
  });
});

window.HMS = HMS;
window.hms = hms;
