// Fields of Services, Endpoints and what they share.
import type { TypePackage } from './schema.ts'

export const serviceFields: TypePackage = {
  name: 'io.k8s.api.core.v1',
  types: {
    Service: {
      about:
        'A name for a set of pods, with one stable address for all of them, the addresses of each, or another name.',
      fields: {
        spec: 'ServiceSpec #2 | What is wanted.',
        status: 'ServiceStatus #3 | What is; set by the system.',
      },
    },
    ServiceSpec: {
      about: 'What a service leads to and how it is reached.',
      fields: {
        type: 'string #4 | ClusterIP (the default), NodePort, LoadBalancer or ExternalName.',
        selector:
          'string{} #2 atomic | Pods with these labels stand behind the service. Without it, endpoints are written by hand.',
        ports: 'ServicePort[] #1 merge:port keys:port,protocol | The ports of the service.',
        clusterIP:
          'string #3 | The stable address; chosen by the server where it is not given. None makes the service headless.',
        clusterIPs: 'string[] #18 | The stable addresses, one per address family; the first is clusterIP.',
        ipFamilies: 'string[] #19 | The address families, IPv4 and IPv6, in order.',
        ipFamilyPolicy: 'string* #17 | SingleStack, PreferDualStack or RequireDualStack.',
        externalIPs: 'string[] #5 | Other addresses at which nodes take traffic for the service.',
        externalName: 'string #10 | For ExternalName: the name this service is another name for.',
        externalTrafficPolicy: 'string #11 | Cluster or Local: which endpoints traffic from outside goes to.',
        internalTrafficPolicy: 'string* #22 | Cluster or Local: which endpoints traffic from inside goes to.',
        trafficDistribution: 'string* #23 | A preference for endpoints that are near.',
        healthCheckNodePort: 'int #12 | Where load balancers ask for the health of a node.',
        publishNotReadyAddresses: 'bool #13 | Are endpoints that are not ready shown as if they were?',
        sessionAffinity: 'string #7 | None or ClientIP.',
        sessionAffinityConfig: 'any #14 | How long sessions last.',
        loadBalancerIP: 'string #8 | The address a load balancer should have; deprecated.',
        loadBalancerSourceRanges: 'string[] #9 | Who may use the load balancer.',
        loadBalancerClass: 'string* #21 | Which load balancer makes it.',
        allocateLoadBalancerNodePorts: 'bool* #20 | Does a LoadBalancer have node ports too? True by default.',
      },
    },
    ServicePort: {
      about: 'A port of a service.',
      fields: {
        name: 'string #1 | Needed where there are several; a DNS label.',
        protocol: 'string #2 default:TCP | TCP (the default), UDP or SCTP.',
        appProtocol: 'string* #6 | The protocol of the application.',
        port: 'int #3 required | The number clients use.',
        targetPort: 'int-or-string #4 | The number or name of the port of the pods; by default the same as port.',
        nodePort: 'int #5 | The number on every node, for NodePort and LoadBalancer.',
      },
    },
    ServiceStatus: {
      about: 'What became of a service.',
      fields: {
        loadBalancer: 'LoadBalancerStatus #1 | Where the load balancer is.',
        conditions: 'Condition[] #2 merge:type keys:type | Its state.',
      },
    },
    LoadBalancerStatus: {
      about: 'Where a load balancer is.',
      fields: { ingress: 'LoadBalancerIngress[] #1 | Its addresses.' },
    },
    LoadBalancerIngress: {
      about: 'One address of a load balancer.',
      fields: {
        ip: 'string #1 | Its IP address.',
        hostname: 'string #2 | Its name.',
        ipMode: 'string* #3 | VIP or Proxy.',
        ports: 'any[] #4 | The state of its ports.',
      },
    },
    Endpoints: {
      about: 'The addresses behind the service of the same name. EndpointSlices say the same and more.',
      fields: { subsets: 'EndpointSubset[] #2 | Addresses grouped by the ports they share.' },
    },
    EndpointSubset: {
      about: 'Addresses that share the same ports.',
      fields: {
        addresses: 'EndpointAddress[] #1 | Those that are ready.',
        notReadyAddresses: 'EndpointAddress[] #2 | Those that are not.',
        ports: 'EndpointPort[] #3 | The ports of each of them.',
      },
    },
    EndpointAddress: {
      about: 'One address behind a service.',
      fields: {
        ip: 'string #1 required | The address.',
        hostname: 'string #3 | The first label of its own name below the service.',
        nodeName: 'string* #4 | The node it is on.',
        targetRef: 'ObjectReference #2 | The object it belongs to.',
      },
    },
    EndpointPort: {
      about: 'A port of addresses behind a service.',
      fields: {
        name: 'string #1 | The name of the port of the service.',
        port: 'int #2 required | Its number.',
        protocol: 'string #3 default:TCP | TCP (the default), UDP or SCTP.',
        appProtocol: 'string* #4 | The protocol of the application.',
      },
    },
    ObjectReference: {
      about: 'Another object.',
      fields: {
        kind: 'string #1 | Its kind.',
        namespace: 'string #2 | Its namespace.',
        name: 'string #3 | Its name.',
        uid: 'string #4 | Its UID.',
        apiVersion: 'string #5 | Its group and version.',
        resourceVersion: 'string #6 | The version that is meant.',
        fieldPath: 'string #7 | The part that is meant.',
      },
    },
  },
}
