// Sends back what it gets, and prints its port. In JavaScript, so that it starts without a compiler.
import { createServer } from 'node:net'

const server = createServer({ noDelay: true }, socket => socket.on('error', () => {}).pipe(socket))
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
