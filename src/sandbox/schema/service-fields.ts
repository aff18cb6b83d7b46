// Fields of Services, Endpoints and what they share.
import type { TypePackage } from './schema.ts'

export const serviceFields: TypePackage = {
  name: 'io.k8s.api.core.v1',
  types: {
    Service: {
      about:
        'A name for a set of pods, with one stable address for all of them, the addresses of each, or another name.',
      fields: {
        spec: 'ServiceSpec | What is wanted.',
        status: 'ServiceStatus | What is; set by the system.',
      },
    },
    ServiceSpec: {
      about: 'What a service leads to and how it is reached.',
      fields: {
        type: 'string | ClusterIP (the default), NodePort, LoadBalancer or ExternalName.',
        selector:
          'string{} atomic | Pods with these labels stand behind the service. Without it, endpoints are written by hand.',
        ports: 'ServicePort[] merge:port keys:port,protocol | The ports of the service.',
        clusterIP:
          'string | The stable address; chosen by the server where it is not given. None makes the service headless.',
        clusterIPs: 'string[] | The stable addresses, one per address family; the first is clusterIP.',
        ipFamilies: 'string[] | The address families, IPv4 and IPv6, in order.',
        ipFamilyPolicy: 'string | SingleStack, PreferDualStack or RequireDualStack.',
        externalIPs: 'string[] | Other addresses at which nodes take traffic for the service.',
        externalName: 'string | For ExternalName: the name this service is another name for.',
        externalTrafficPolicy: 'string | Cluster or Local: which endpoints traffic from outside goes to.',
        internalTrafficPolicy: 'string | Cluster or Local: which endpoints traffic from inside goes to.',
        trafficDistribution: 'string | A preference for endpoints that are near.',
        healthCheckNodePort: 'int | Where load balancers ask for the health of a node.',
        publishNotReadyAddresses: 'bool | Are endpoints that are not ready shown as if they were?',
        sessionAffinity: 'string | None or ClientIP.',
        sessionAffinityConfig: 'any | How long sessions last.',
        loadBalancerIP: 'string | The address a load balancer should have; deprecated.',
        loadBalancerSourceRanges: 'string[] | Who may use the load balancer.',
        loadBalancerClass: 'string | Which load balancer makes it.',
        allocateLoadBalancerNodePorts: 'bool | Does a LoadBalancer have node ports too? True by default.',
      },
    },
    ServicePort: {
      about: 'A port of a service.',
      fields: {
        name: 'string | Needed where there are several; a DNS label.',
        protocol: 'string default:TCP | TCP (the default), UDP or SCTP.',
        appProtocol: 'string | The protocol of the application.',
        port: 'int required | The number clients use.',
        targetPort: 'int-or-string | The number or name of the port of the pods; by default the same as port.',
        nodePort: 'int | The number on every node, for NodePort and LoadBalancer.',
      },
    },
    ServiceStatus: {
      about: 'What became of a service.',
      fields: {
        loadBalancer: 'LoadBalancerStatus | Where the load balancer is.',
        conditions: 'Condition[] merge:type keys:type | Its state.',
      },
    },
    LoadBalancerStatus: {
      about: 'Where a load balancer is.',
      fields: { ingress: 'LoadBalancerIngress[] | Its addresses.' },
    },
    LoadBalancerIngress: {
      about: 'One address of a load balancer.',
      fields: {
        ip: 'string | Its IP address.',
        hostname: 'string | Its name.',
        ipMode: 'string | VIP or Proxy.',
        ports: 'any[] | The state of its ports.',
      },
    },
    Endpoints: {
      about: 'The addresses behind the service of the same name. EndpointSlices say the same and more.',
      fields: { subsets: 'EndpointSubset[] | Addresses grouped by the ports they share.' },
    },
    EndpointSubset: {
      about: 'Addresses that share the same ports.',
      fields: {
        addresses: 'EndpointAddress[] | Those that are ready.',
        notReadyAddresses: 'EndpointAddress[] | Those that are not.',
        ports: 'EndpointPort[] | The ports of each of them.',
      },
    },
    EndpointAddress: {
      about: 'One address behind a service.',
      fields: {
        ip: 'string required | The address.',
        hostname: 'string | The first label of its own name below the service.',
        nodeName: 'string | The node it is on.',
        targetRef: 'ObjectReference | The object it belongs to.',
      },
    },
    EndpointPort: {
      about: 'A port of addresses behind a service.',
      fields: {
        name: 'string | The name of the port of the service.',
        port: 'int required | Its number.',
        protocol: 'string default:TCP | TCP (the default), UDP or SCTP.',
        appProtocol: 'string | The protocol of the application.',
      },
    },
    ObjectReference: {
      about: 'Another object.',
      fields: {
        kind: 'string | Its kind.',
        namespace: 'string | Its namespace.',
        name: 'string | Its name.',
        uid: 'string | Its UID.',
        apiVersion: 'string | Its group and version.',
        resourceVersion: 'string | The version that is meant.',
        fieldPath: 'string | The part that is meant.',
      },
    },
  },
}
