// Columns of Services, Endpoints and EndpointSlices.
import type { EndpointPort, EndpointSlice, Endpoints, Service } from '../resources.ts'
import { labelsText, none, someText } from './cell.ts'
import type { Column, Columns } from './table.ts'

const service: readonly Column<Service>[] = [
  { name: 'Type', cell: ({ spec }) => spec.type ?? '' },
  { name: 'Cluster-IP', cell: ({ spec }) => spec.clusterIP || none },
  { name: 'External-IP', cell: externalText },
  { name: 'Port(s)', cell: portsText },
  { name: 'Selector', wide: true, cell: ({ spec }) => labelsText(spec.selector) },
]

function externalText({ spec, status }: Service): string {
  if (spec.type === 'ExternalName') return spec.externalName ?? ''
  const given = spec.externalIPs ?? []
  if (spec.type !== 'LoadBalancer') return given.length === 0 ? none : given.join(',')
  const balanced = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? [])
  const all = [...balanced, ...given]
  return all.length === 0 ? '<pending>' : all.join(',')
}

function portsText({ spec }: Service): string {
  const ports = (spec.ports ?? []).map(
    ({ port, nodePort, protocol = 'TCP' }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol}`,
  )
  return ports.length === 0 ? none : ports.join(',')
}

const endpoints: readonly Column<Endpoints>[] = [
  {
    name: 'Endpoints',
    cell: ({ subsets = [] }) => {
      const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
        ports.length === 0
          ? addresses.map(({ ip }) => ip)
          : ports.flatMap(({ port }) => addresses.map(({ ip }) => `${ip.includes(':') ? `[${ip}]` : ip}:${port}`)),
      )
      return someText(all, 3)
    },
  },
]

const slice: readonly Column<EndpointSlice>[] = [
  { name: 'AddressType', cell: ({ addressType }) => addressType },
  { name: 'Ports', cell: ({ ports }) => (ports?.length ? someText(ports.map(portText), 3) : '<unset>') },
  {
    name: 'Endpoints',
    cell: (each) =>
      each.endpoints.length === 0
        ? '<unset>'
        : someText(
            each.endpoints.flatMap(({ addresses }) => addresses),
            3,
          ),
  },
]

const portText = ({ port }: EndpointPort) => (port === undefined ? '*' : String(port))

export const endpointColumns: Columns = {
  Service: service as readonly Column[],
  Endpoints: endpoints as readonly Column[],
  EndpointSlice: slice as readonly Column[],
}
