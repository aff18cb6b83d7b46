// The stock kubectl against the sandbox: every line of the walkthroughs, and every verb the sandbox promises.
import assert from 'node:assert/strict'
import { execFile, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.ts'

const walkthroughs = join(import.meta.dirname, '../../manifests/walkthroughs')
const found = spawnSync('kubectl', ['version', '--client']).status === 0
const skip = found ? false : 'needs kubectl'

let sandbox: Sandbox
let folder: string
let env: NodeJS.ProcessEnv

before(async () => {
  if (!found) return
  folder = mkdtempSync(join(tmpdir(), 'clusterdns-kubectl-'))
  sandbox = await startSandbox()
  const kubeconfig = join(folder, 'kubeconfig')
  sandbox.writeKubeconfig(kubeconfig)
  // Its own home keeps kubectl's cache of the API out of the user's.
  env = { ...process.env, HOME: folder, KUBECONFIG: kubeconfig, TERM: 'dumb' }
})

after(async () => {
  if (!found) return
  await sandbox.close()
  rmSync(folder, { recursive: true })
})

/** The words of a line; single quotes keep spaces together. */
const wordsOf = (line: string) => (line.match(/(?:'[^']*'|[^\s'])+/g) ?? []).map((word) => word.replaceAll("'", ''))

/** Types a line without its first word, `kubectl`. */
function kubectl(
  line: string,
  { more = {}, input = '' }: { readonly more?: NodeJS.ProcessEnv; readonly input?: string } = {},
): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    const options = { env: { ...env, ...more }, timeout: 60_000 }
    const child = execFile('kubectl', wordsOf(line), options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr })
    })
    child.stdin?.end(input)
  })
}

/** Lines to type, and what their output must show; a line that fails has `refused` in its second place. */
type Row = readonly [line: string, ...shows: (RegExp | 'refused')[]]

async function type(rows: readonly Row[]): Promise<void> {
  for (const [line, ...shows] of rows) {
    const { code, output } = await kubectl(line)
    assert.equal(code === 0, !shows.includes('refused'), `kubectl ${line}\n${output}`)
    for (const shown of shows) if (shown !== 'refused') assert.match(output, shown, `kubectl ${line}`)
    await sandbox.settled()
  }
}

const rows = (title: string, all: readonly Row[]) => test(title, { skip }, () => type(all))

suite('the walkthroughs', () => {
  rows('1. nginx-test', [
    [
      `apply -f ${walkthroughs}/1-nginx-test.yaml`,
      /service\/nginx-test created\n/,
      /statefulset.apps\/nginx-web created/,
    ],
    ['get statefulsets nginx-web', /^nginx-web +2\/2 /m],
    ['get pods -o wide', /^nginx-web-0 +1\/1 +Running .* 192\.168\.40\.103 /m, /^nginx-web-1 .* 192\.168\.40\.96 /m],
    ['describe svc nginx-test', /^IP: +None$/m, /^Endpoints: +192\.168\.40\.103:80,192\.168\.40\.96:80$/m],
    [
      `delete -f ${walkthroughs}/1-nginx-test.yaml`,
      /service "nginx-test" deleted/,
      /statefulset.apps "nginx-web" deleted/,
    ],
    ['get pods', /No resources found in default namespace/],
  ])

  rows('2. mysql-svc', [
    [`apply -f ${walkthroughs}/2-mysql-svc.yaml`, /service\/mysql-svc created/],
    [
      'describe svc/mysql-svc',
      /^IP Family Policy: +SingleStack$/m,
      /^Endpoints: +10\.42\.1\.8:3306,10\.42\.2\.12:3306,10\.42\.0\.6:3306$/m,
    ],
    ['get svc', /^mysql-svc +ClusterIP +None +<none> +3306\/TCP /m, /^kubernetes +ClusterIP +10\.96\.0\.1 /m],
    ['get svc -n kube-system', /^kube-dns +ClusterIP +10\.96\.0\.10 +<none> +53\/UDP,53\/TCP,9153\/TCP /m],
    [
      'run dns-test -ti --image=busybox:1.28 --rm',
      'refused',
      /the sandbox runs no containers/,
      /use "explain NAME --from default\/dns-test"/,
    ],
  ])

  rows('3. headless-demo', [
    [`apply -R -f ${walkthroughs}/3-headless-demo.yaml`, /service\/headless-demo created/],
    [
      'get pods -l app=hello-kubernetes -o wide',
      /-0 .* 10\.244\.1\.6 /,
      /-1 .* 10\.244\.2\.6 /,
      /-2 .* 10\.244\.0\.7 /,
    ],
    ['get endpoints', /^headless-demo +10\.244\.0\.7:8080,10\.244\.1\.6:8080,10\.244\.2\.6:8080 /m],
    [
      'exec hello-kubernetes-0 -- nslookup headless-demo',
      'refused',
      /the sandbox runs no containers: instead of .*use "explain NAME --from default\/hello-kubernetes-0"/,
    ],
    [
      'delete pod hello-kubernetes-0 hello-kubernetes-1 hello-kubernetes-2',
      /pod "hello-kubernetes-0" deleted\npod "hello-kubernetes-1" deleted\npod "hello-kubernetes-2" deleted/,
    ],
    ['get endpoints headless-demo', /^headless-demo +10\.244\.0\.8:8080,10\.244\.1\.7:8080,10\.244\.2\.7:8080 /m],
  ])

  rows('4. kubia', [
    [`create -f ${walkthroughs}/4-kubia.yaml`, /replicaset.apps\/kubia created/, /pod\/limit-pod created/],
    ['get svc kubia-headless', /^kubia-headless +ClusterIP +None /m],
    ['get svc kubia', /^kubia +ClusterIP +10\.254\.129\.235 +<none> +80\/TCP /m],
    ['get endpoints kubia-headless', /^kubia-headless +172\.30\.14\.3:8080,172\.30\.35\.3:8080 /m],
  ])

  test('4. kubia: edit', { skip }, async () => {
    const editor = "sed -i 's/^spec:/spec:\\n  publishNotReadyAddresses: true/'"
    const { code, output } = await kubectl('edit svc kubia-headless', { more: { KUBE_EDITOR: editor } })
    assert.equal(code, 0, output)
    await sandbox.settled()
    await type([['get ep kubia-headless', /172\.30\.14\.3:8080,172\.30\.35\.2:8080,172\.30\.35\.3:8080/]])
  })

  rows('5. services at large', [
    [`create -f ${walkthroughs}/5-services.yaml`, /deployment.apps\/nginx-deployment created/],
    [
      'get svc',
      /^externalname-redis-svc +ExternalName +<none> +redis\.ik8s\.io +6379\/TCP /m,
      /^myapp-svc-nodeport +NodePort +10\.111\.137\.18 +<none> +80:32223\/TCP /m,
      /^myapp-svc-lb +LoadBalancer +\S+ +<pending> +80:32224\/TCP /m,
      /^nginx-service +ClusterIP +10\.99\.248\.138 /m,
    ],
    ['get endpoints', /^headless-by-hand +192\.168\.40\.201:80,192\.168\.40\.202:80 /m],
    ['get endpoints headless-without-selector', 'refused', /"headless-without-selector" not found/],
    ['expose deployment nginx-deployment --name=exposed --port=80', /service\/exposed exposed/],
    ['get endpointslices -l kubernetes.io/service-name=exposed', /^exposed-\w{5} +IPv4 +80 +\S+,\S+,\S+ /m],
    [
      'create service nodeport second --tcp=80 --node-port=32223',
      'refused',
      /spec\.ports\[0\]\.nodePort: Invalid value: 32223: provided port is already allocated/,
    ],
  ])
})

suite('the verbs', () => {
  rows('what there is', [
    ['version', /Server Version: v1\.32/],
    ['api-resources', /^services +svc +v1 +true +Service$/m, /^endpointslices +discovery\.k8s\.io\/v1 +true /m],
    ['api-versions', /^apps\/v1$/m],
    ['cluster-info', /kube-dns|CoreDNS/],
    ['get --raw /readyz', /^ok$/],
    ['explain service.spec.ports.targetPort', /FIELD: targetPort/, /number or name of the port of the pods/],
    ['explain statefulset --recursive', /serviceName\t<string>/],
  ])

  rows('create, get, label, annotate, patch, replace, delete', [
    ['create namespace verbs', /namespace\/verbs created/],
    ['create deployment web -n verbs --image=nginx --replicas=3 --port=80', /deployment\.apps\/web created/],
    ['wait -n verbs --for=condition=Available deployment/web', /condition met/],
    ['expose -n verbs deployment web --port=80 --target-port=80', /service\/web exposed/],
    [
      'get all -n verbs',
      /^pod\/web-\S+ +1\/1 /m,
      /^service\/web /m,
      /^deployment\.apps\/web +3\/3 +3 +3 /m,
      /^replicaset/m,
    ],
    ['get svc web -n verbs -o yaml', /^kind: Service$/m, /^ {2}clusterIP: 10\./m],
    ['get svc web -n verbs -o json', /"targetPort": 80/],
    ["get pods -n verbs -o jsonpath='{.items[*].status.phase}'", /Running Running Running/],
    ['get pods -n verbs -l app=web --field-selector=status.phase=Running -o name', /^(pod\/web-\S+\n){3}$/],
    ['get pods -n verbs -l app=web,pod-template-hash!=none --no-headers', /^(web-.*\n){3}$/],
    ['get pods -A --show-labels', /app=web,pod-template-hash=/],
    ['get nodes -o wide', /^node-0 +Ready +control-plane .* 172\.18\.0\.2 /m],
    ['get nodes -L topology.kubernetes.io/zone', /^node-1 .* zone-b$/m],
    ['label svc web -n verbs tier=front', /service\/web labeled/],
    ['label svc web -n verbs tier=back', 'refused', /already has a value/],
    ['label svc web -n verbs tier=back --overwrite', /service\/web labeled/],
    ['annotate svc web -n verbs note=one', /service\/web annotated/],
    [`patch svc web -n verbs -p '{"spec":{"ports":[{"port":80,"name":"http"}]}}'`, /service\/web patched/],
    [
      `patch svc web -n verbs --type=json -p '[{"op":"replace","path":"/spec/ports/0/port","value":81}]'`,
      /service\/web patched/,
    ],
    [`patch svc web -n verbs --type=merge -p '{"metadata":{"labels":{"tier":null}}}'`, /service\/web patched/],
    ['get svc web -n verbs -o wide --show-labels', /81\/TCP +\S+ +app=web +app=web$/m],
    [`patch svc web -n verbs -p '{"spec":{"clusterIP":"10.96.200.200"}}'`, 'refused', /may not change once set/],
    ['create configmap one -n verbs --from-literal=a=b', /configmap\/one created/],
    ['create secret generic one -n verbs --from-literal=a=b', /secret\/one created/],
    ['create serviceaccount robot -n verbs', /serviceaccount\/robot created/],
    ['create role reader -n verbs --verb=get --resource=pods', /role\S* created/],
    ['create service externalname other -n verbs --external-name=example.org', /service\/other created/],
    ['create service clusterip headless -n verbs --clusterip=None --tcp=80', /service\/headless created/],
    ['create poddisruptionbudget web -n verbs --selector=app=web --min-available=1', /created/],
    [
      'get cm,secret,sa,role,pdb -n verbs',
      /^configmap\/one +1 /m,
      /^secret\/one +Opaque +1 /m,
      /^poddisruption.*\/web +1 /m,
    ],
    ['run lonely -n verbs --image=busybox', /pod\/lonely created/],
    ['describe pod lonely -n verbs', /^Status: +Running$/m, /^Node: +node-\d\//m],
    ['delete pod lonely -n verbs', /pod "lonely" deleted/],
    ['delete svc --all -n verbs', /service "web" deleted/],
    ['delete namespace verbs', /namespace "verbs" deleted/],
    ['get pods -n verbs', /No resources found/],
    ['delete namespace default', 'refused', /this namespace may not be deleted/],
  ])

  test('apply of a List', { skip }, async () => {
    const file = join(folder, 'list.yaml')
    const item = (name: string) => `- {apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}}}\n`
    writeFileSync(file, `apiVersion: v1\nkind: List\nitems:\n${item('listed-a')}${item('listed-b')}`)
    await type([
      [`apply -f ${file}`, /configmap\/listed-a created\nconfigmap\/listed-b created/],
      [`apply -f ${file}`, /listed-a unchanged\nconfigmap\/listed-b unchanged/],
      [`delete -f ${file}`, /configmap "listed-b" deleted/],
    ])
  })

  test('apply: create, change, leave alone, drop; by client and by server', { skip }, async () => {
    const file = join(folder, 'applied.yaml')
    const manifest = (ports: string, labels = '') => `
apiVersion: v1
kind: Service
metadata:
  name: applied
  labels: {a: b${labels}}
spec:
  selector: {app: applied}
  ports:
${ports}
`
    const port = (name: string, number: number) => `  - {name: ${name}, port: ${number}}\n`
    writeFileSync(file, manifest(port('one', 1) + port('two', 2), ', c: d'))
    await type([
      [`apply -f ${file} --dry-run=server`, /service\/applied created \(server dry run\)/],
      [`apply -f ${file}`, /service\/applied created/],
      [`apply -f ${file}`, /service\/applied unchanged/],
    ])
    writeFileSync(file, manifest(port('two', 2) + port('three', 3)))
    await type([
      [`diff -f ${file}`, 'refused', /\+ {2}- name: three/],
      [`apply -f ${file}`, /service\/applied configured/],
      ["get svc applied -o jsonpath='{.spec.ports[*].name} {.metadata.labels}'", /^two three {"a":"b"}$/],
    ])
    writeFileSync(file, manifest(port('two', 2) + port('three', 3) + port('four', 4)))
    await type([[`apply --server-side --field-manager=test -f ${file}`, /service\/applied serverside-applied/]])
    writeFileSync(file, manifest(port('two', 2) + port('three', 3)))
    await type([
      [`apply --server-side --field-manager=test -f ${file}`, /service\/applied serverside-applied/],
      ["get svc applied -o jsonpath='{.spec.ports[*].name}'", /^two three$/],
    ])
    writeFileSync(file, manifest(port('two', 22)))
    await type([
      [`replace -f ${file}`, /service\/applied replaced/],
      ["get svc applied -o jsonpath='{.spec.ports[*].port}'", /^22$/],
    ])
    writeFileSync(file, manifest(port('two', 22).replace('}', ', colour: red}')))
    await type([
      [`apply -f ${file}`, 'refused', /unknown field "spec\.ports\[0\]\.colour"/],
      ['delete svc applied', /service "applied" deleted/],
    ])
  })

  rows('scale and rollout', [
    ['create deployment web --image=nginx:1.27 --replicas=2 --port=80', /created/],
    ['rollout status deployment/web', /successfully rolled out/],
    ['scale deployment web --replicas=4', /deployment\.apps\/web scaled/],
    ['scale deployment web --replicas=5 --current-replicas=3', 'refused', /Expected replicas to be 3, was 4/],
    ['set image deployment/web nginx=nginx:1.28', /image updated/],
    ['rollout status deployment/web', /successfully rolled out/],
    ['rollout history deployment/web', /^1 .*\n2 /m],
    ['rollout undo deployment/web', /rolled back/],
    ['rollout status deployment/web', /successfully rolled out/],
    ["get deployment web -o jsonpath='{.spec.template.spec.containers[0].image}'", /^nginx:1\.27$/],
    ['rollout history deployment/web', /^2 .*\n3 /m],
    ['rollout restart deployment/web', /restarted/],
    ['rollout status deployment/web', /successfully rolled out/],
    ['describe deployment web', /4 desired \| 4 updated \| 4 total \| 4 available \| 0 unavailable/],
    ['rollout pause deployment/web', /paused/],
    ['rollout resume deployment/web', /resumed/],
    ['delete deployment web --cascade=orphan', /deleted/],
    ['get pods -l app=web --no-headers', /^(web-.*\n){4}$/],
    ['delete rs -l app=web --cascade=foreground', /deleted/],
    ['get pods -l app=web', /No resources found/],
    ['set image statefulset/mysql-sts mysql=mysql:8.4', /image updated/],
    ['rollout status statefulset/mysql-sts', /3 new pods have been updated/],
    ['rollout history statefulset/mysql-sts', /^1 .*\n2 /m],
    ['rollout undo statefulset/mysql-sts', /rolled back/],
    ['rollout status statefulset/mysql-sts', /3 new pods have been updated/],
    ["get pods mysql-sts-2 -o jsonpath='{.spec.containers[0].image}'", /^mysql:8\.0$/],
    ['rollout restart statefulset/mysql-sts', /restarted/],
    ['scale statefulset mysql-sts --replicas=1', /scaled/],
    ['get pods -l app=mysql --no-headers', /^mysql-sts-0 .*\n$/],
    ['scale statefulset mysql-sts --replicas=3', /scaled/],
    ['get endpoints mysql-svc', /:3306,.*:3306,.*:3306/],
  ])

  rows('readiness, wait, events, nodes', [
    ['annotate pod mysql-sts-0 sandbox.clusterdns.io/ready=false', /annotated/],
    ['wait --for=condition=Ready=false pod/mysql-sts-0', /condition met/],
    ['get pod mysql-sts-0', /^mysql-sts-0 +0\/1 +Running /m],
    ['annotate pod mysql-sts-0 sandbox.clusterdns.io/ready-', /annotated/],
    ['wait --for=condition=Ready pod/mysql-sts-0', /condition met/],
    [
      `patch pod mysql-sts-1 --subresource=status -p '{"status":{"conditions":[{"type":"Ready","status":"False"}]}}'`,
      /patched/,
    ],
    ['describe svc mysql-svc', /^Endpoints: +(?!.*,.*,)/m],
    ['get events', /No resources found/],
    ['cordon node-1', /node\/node-1 cordoned/],
    ['drain node-1 --force --ignore-daemonsets', /node\/node-1 drained/],
    ['get pods -A -o wide --field-selector=spec.nodeName=node-1', /No resources found/],
    ['uncordon node-1', /node\/node-1 uncordoned/],
    ['logs mysql-sts-0', 'refused', /the sandbox runs no containers, so there are no logs/],
    ['attach mysql-sts-0', 'refused', /the sandbox runs no containers/],
    ['port-forward mysql-sts-0 8080:80', 'refused', /nothing listens on the ports of pods/],
    ['cp mysql-sts-0:/x /tmp/x', 'refused', /the sandbox runs no containers/],
  ])

  test('get -w shows changes as they come', { skip }, async () => {
    const child = spawn('kubectl', ['get', 'pods', '-w', '-l', 'app=watched'], { env })
    let output = ''
    child.stdout.on('data', (piece) => {
      output += piece
    })
    const shows = async (pattern: RegExp) => {
      for (const start = Date.now(); !pattern.test(output); await new Promise((resolve) => setTimeout(resolve, 20))) {
        assert.ok(Date.now() - start < 20_000, `waited in vain for ${pattern} in\n${output}`)
      }
    }
    try {
      while (sandbox.trouble.watches === 0) await new Promise((resolve) => setTimeout(resolve, 20))
      await type([['run watched --image=busybox -l app=watched', /created/]])
      await shows(/^watched +1\/1 +Running /m)
      await type([['delete pod watched', /deleted/]])
      await shows(/^watched +1\/1 +Terminating /m)
      assert.match(output, /^NAME +READY +STATUS +RESTARTS +AGE\nwatched +0\/1 +Pending /)
      assert.equal(output.match(/NAME/g)?.length, 1, 'the head of the table comes once')
    } finally {
      child.kill()
    }
  })

  rows('who may do what', [
    ['--context sandbox-token get svc kubernetes', /^kubernetes /m],
    ['--context sandbox-cert get svc kubernetes', /^kubernetes /m],
    ['--context sandbox-readonly get svc kubernetes', /^kubernetes /m],
    ['--context sandbox-readonly label svc kubernetes a=b', 'refused', /User "sandbox-readonly" cannot patch resource/],
    ['--context sandbox-denied get svc', 'refused', /User "sandbox-denied" cannot list resource "services"/],
    ['--context sandbox-anonymous get svc', 'refused'],
  ])

  rows('trouble by call', [
    ["create --raw '/sandbox/trouble/status?code=429&retryAfter=1&times=1' -f /dev/null", /Success/],
    ['get svc kubernetes', /^kubernetes /m],
    ["create --raw '/sandbox/trouble/status?code=500&kind=nodes' -f /dev/null", /Success/],
    ['get svc kubernetes', /^kubernetes /m],
    ['get nodes', 'refused', /Internal error occurred: on demand/],
    [
      "create --raw '/sandbox/trouble/expire?kind=nonsense' -f /dev/null",
      'refused',
      /the sandbox has no kind nonsense/,
    ],
    ['get --raw /sandbox/status', /"resourceVersion":"\d+"/],
  ])
})
