// Pods and pod templates: what the API fills in and what it refuses.
import { dnsLabel, dnsSubdomain, labelFaults, portFault } from '../names.ts'
import { sameJson } from '../object.ts'
import type { Container, Pod, PodSpec, PodTemplate } from '../resources.ts'
import { type Cause, cause } from '../status.ts'
import type { Strategy } from './strategy.ts'

export const podStrategy: Strategy<Pod> = {
  nameRule: dnsSubdomain,
  generation: true,
  newStatus: () => ({ phase: 'Pending', qosClass: 'BestEffort' }),
  complete: (pod) => ({ ...pod, spec: completePodSpec(pod.spec) }),
  faults: (pod, old) => (old === undefined ? podSpecFaults(pod.spec, 'spec') : changeFaults(pod, old)),
  // A pod that was never given to a node has nobody who could end it gently.
  gracePeriod: (pod) => {
    const ended = pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded'
    return pod.spec.nodeName === undefined || ended ? 0 : (pod.spec.terminationGracePeriodSeconds ?? 30)
  },
}

export function completePodSpec(given: PodSpec | undefined): PodSpec {
  const spec: PodSpec = given ?? { containers: [] }
  return {
    ...filledIn,
    ...spec,
    containers: (spec.containers ?? []).map(completeContainer),
  } as PodSpec
}

const filledIn = {
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  securityContext: {},
  schedulerName: 'default-scheduler',
}

function completeContainer(container: Container): Container {
  const image = container.image ?? ''
  const tagged = /:[^/]+$/.test(image) && !image.endsWith(':latest')
  return {
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: tagged ? 'IfNotPresent' : 'Always',
    ...container,
    ...(container.ports === undefined
      ? {}
      : { ports: container.ports.map((port) => ({ ...port, protocol: port.protocol ?? 'TCP' })) }),
  } as Container
}

export function completeTemplate(template: PodTemplate | undefined): PodTemplate {
  return { ...template, metadata: { ...template?.metadata }, spec: completePodSpec(template?.spec) }
}

export function templateFaults(template: PodTemplate): Cause[] {
  return [
    ...labelFaults('spec.template.labels', template.metadata?.labels),
    ...podSpecFaults(template.spec, 'spec.template.spec'),
  ]
}

function podSpecFaults(spec: PodSpec, field: string): Cause[] {
  const found: Cause[] = []
  if (spec.containers.length === 0) found.push(cause.required(`${field}.containers`))
  spec.containers.forEach((container, index) => {
    const at = `${field}.containers[${index}]`
    const fault = container.name ? dnsLabel(container.name) : undefined
    if (!container.name) found.push(cause.required(`${at}.name`))
    else if (fault !== undefined) found.push(cause.invalid(`${at}.name`, container.name, fault))
    if (spec.containers.findIndex((each) => each.name === container.name) < index) {
      found.push(cause.duplicate(`${at}.name`, container.name))
    }
    if (!container.image) found.push(cause.required(`${at}.image`))
    container.ports?.forEach((port, number) => {
      const portAt = `${at}.ports[${number}].containerPort`
      const wrong = portFault(port.containerPort)
      if (wrong !== undefined) found.push(cause.invalid(portAt, port.containerPort, wrong))
    })
  })
  for (const name of ['hostname', 'subdomain'] as const) {
    const fault = spec[name] ? dnsLabel(spec[name]) : undefined
    if (fault !== undefined) found.push(cause.invalid(`${field}.${name}`, spec[name], fault))
  }
  return found
}

/** Of a pod's spec only images, tolerations and deadlines may change; the sandbox looks at what it uses itself. */
function changeFaults(pod: Pod, old: Pod): Cause[] {
  const changeable = (spec: PodSpec) => ({
    ...spec,
    nodeName: undefined,
    activeDeadlineSeconds: undefined,
    tolerations: undefined,
    terminationGracePeriodSeconds: undefined,
    containers: spec.containers.map((container) => ({ ...container, image: undefined })),
    initContainers: undefined,
  })
  const kept = old.spec.nodeName === undefined || old.spec.nodeName === pod.spec.nodeName
  if (kept && sameJson(changeable(pod.spec), changeable(old.spec))) return []
  const why =
    'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
    '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
    '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'
  return [cause.forbidden('spec', why)]
}
