// A plain Socket.IO fan-out: what one client says goes to all others.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, { transports: ['websocket'] });
io.on('connection', (socket) => {
  socket.broadcast.emit('joined', { id: socket.id, name: 'A participant with a name', role: 'viewer' });
  socket.on('set', (value) => socket.broadcast.emit('set', value));
});
http.listen(0, '127.0.0.1', () => console.log(`listening on ${http.address().port}`));
