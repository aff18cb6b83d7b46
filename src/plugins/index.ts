// Every plugin, in the order in which a query meets them, which is CoreDNS's and not that of the Corefile.
import type { KnownDirectives } from '../corefile/parse.ts'
import type { Plugin } from '../plugin.ts'
import { acl } from './acl.ts'
import { any } from './any.ts'
import { autopath } from './autopath/index.ts'
import { bind } from './bind.ts'
import { bufsize } from './bufsize.ts'
import { cache } from './cache/index.ts'
import { cancel } from './cancel.ts'
import { chaos } from './chaos.ts'
import { debug } from './debug.ts'
import { dns64 } from './dns64.ts'
import { dnstap } from './dnstap.ts'
import { errors } from './errors.ts'
import { file } from './file/index.ts'
import { forward } from './forward/index.ts'
import { header } from './header.ts'
import { health } from './health.ts'
import { hosts } from './hosts/index.ts'
import { https } from './https.ts'
import { k8s_external } from './k8s_external/index.ts'
import { kubernetes } from './kubernetes/index.ts'
import { loadbalance } from './loadbalance/index.ts'
import { local } from './local.ts'
import { log } from './log/index.ts'
import { loop } from './loop/index.ts'
import { metadata } from './metadata.ts'
import { minimal } from './minimal.ts'
import { multisocket } from './multisocket.ts'
import { nsid } from './nsid.ts'
import { pprof } from './pprof.ts'
import { prometheus } from './prometheus/index.ts'
import { ready } from './ready.ts'
import { reload } from './reload.ts'
import { rewrite } from './rewrite/index.ts'
import { template } from './template/index.ts'
import { timeouts } from './timeouts.ts'
import { tls } from './tls.ts'
import { trace } from './trace.ts'
import { transfer } from './transfer.ts'
import { view } from './view/index.ts'
import { whoami } from './whoami.ts'

export const plugins: readonly Plugin[] = [
  metadata,
  cancel,
  https,
  timeouts,
  multisocket,
  reload,
  nsid,
  bufsize,
  bind,
  debug,
  trace,
  ready,
  health,
  pprof,
  prometheus,
  errors,
  log,
  dnstap,
  local,
  dns64,
  any,
  chaos,
  loadbalance,
  rewrite,
  autopath,
  acl,
  cache,
  header,
  tls,
  minimal,
  template,
  transfer,
  hosts,
  k8s_external,
  kubernetes,
  file,
  loop,
  forward,
  whoami,
  view,
]

/** The directives of CoreDNS 1.14.7 in its order (its plugin.cfg). */
export const coreDnsDirectives: readonly string[] = [
  ['root', 'metadata', 'geoip', 'cancel', 'proxyproto', 'quic', 'grpc_server', 'https', 'https3', 'timeouts'],
  ['multisocket', 'reload', 'nsid', 'bufsize', 'bind', 'debug', 'trace', 'ready', 'health', 'pprof', 'shed'],
  ['prometheus', 'errors', 'log', 'dnstap', 'local', 'dns64', 'any', 'chaos', 'loadbalance', 'tsig', 'rewrite'],
  ['autopath', 'acl', 'cache', 'header', 'dnssec', 'tls', 'minimal', 'template', 'transfer', 'hosts', 'route53'],
  ['azure', 'clouddns', 'k8s_external', 'kubernetes', 'file', 'auto', 'secondary', 'etcd', 'loop', 'forward'],
  ['grpc', 'erratic', 'whoami', 'on', 'sign', 'view', 'nomad'],
].flat()

const supported = new Set(plugins.map((plugin) => plugin.name))

/** What a Corefile may say here, and what it may say in CoreDNS only. */
export const knownDirectives: KnownDirectives = {
  supported,
  missing: new Set(coreDnsDirectives.filter((name) => !supported.has(name))),
}
