// The same where the C library can't be called: every datagram by dgram.
process.env.CLUSTERDNS_UDP = 'dgram'
await import('./udp.test.ts')
