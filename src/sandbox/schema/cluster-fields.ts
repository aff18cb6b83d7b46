// Fields of the kinds that are small or that the sandbox only keeps.
import type { TypePackage } from './schema.ts'

const core: TypePackage = {
  name: 'io.k8s.api.core.v1',
  types: {
    Namespace: {
      about: 'A part of the cluster in which names are unique.',
      fields: {
        spec: 'NamespaceSpec #2 | What is wanted.',
        status: 'NamespaceStatus #3 | What is; set by the system.',
      },
    },
    NamespaceSpec: {
      about: 'What is wanted of a namespace.',
      fields: { finalizers: 'string[] #1 | Who has to do something before the namespace may go.' },
    },
    NamespaceStatus: {
      about: 'What became of a namespace.',
      fields: {
        phase: 'string #1 | Active or Terminating.',
        conditions: 'any[] #2 merge:type keys:type | Its state.',
      },
    },
    Node: {
      about: 'A machine that pods run on.',
      fields: {
        spec: 'NodeSpec #2 | What is wanted.',
        status: 'NodeStatus #3 | What is; set by the system.',
      },
    },
    NodeSpec: {
      about: 'What is wanted of a node.',
      fields: {
        podCIDR: 'string #1 | The range its pods have their addresses from.',
        podCIDRs: 'string[] #7 set merge | The same, per address family.',
        providerID: 'string #3 | Which machine it is.',
        unschedulable: 'bool #4 | Does it take no new pods?',
        taints: 'any[] #5 | What pods have to put up with.',
        configSource: 'any #6 | No longer used.',
        externalID: 'string #2 | No longer used.',
      },
    },
    NodeStatus: {
      about: 'What became of a node.',
      fields: {
        addresses: 'NodeAddress[] #5 merge:type keys:type | Its addresses.',
        conditions: 'NodeCondition[] #4 merge:type keys:type | Its state.',
        capacity: 'quantity{} #1 | What it has.',
        allocatable: 'quantity{} #2 | What pods may use.',
        phase: 'string #3 | No longer used.',
        nodeInfo: 'any #7 | What runs on it.',
        daemonEndpoints: 'any #6 | Where its kubelet listens.',
        images: 'any[] #8 | Images it has.',
        volumesInUse: 'string[] #9 | Volumes in use.',
        volumesAttached: 'any[] #10 | Volumes attached.',
        config: 'any #11 | No longer used.',
        runtimeHandlers: 'any[] #12 | Runtimes it has.',
        features: 'any #13 | What its runtime can do.',
        declaredFeatures: 'string[] #14 | What it says it can do.',
      },
    },
    NodeAddress: {
      about: 'An address of a node.',
      fields: {
        type: 'string #1 required | InternalIP, ExternalIP, Hostname and others.',
        address: 'string #2 required | The address.',
      },
    },
    NodeCondition: {
      about: 'One aspect of the state of a node.',
      fields: {
        type: 'string #1 required | Ready and others.',
        status: 'string #2 required | True, False or Unknown.',
        lastHeartbeatTime: 'time #3 | When it was last written.',
        lastTransitionTime: 'time #4 | When the status last changed.',
        reason: 'string #5 | Why, in one word.',
        message: 'string #6 | Why, for people.',
      },
    },
    ConfigMap: {
      about: 'Text for programs to read.',
      fields: {
        data: 'string{} #2 | Text by name.',
        binaryData: 'bytes{} #3 | Other data by name.',
        immutable: 'bool* #4 | May it no longer change?',
      },
    },
    Secret: {
      about: 'Data that not everybody should see.',
      fields: {
        data: 'bytes{} #2 | Data by name, in base64.',
        stringData: 'string{} #4 | The same as text, for writing only.',
        type: 'string #3 | What it is for.',
        immutable: 'bool* #5 | May it no longer change?',
      },
    },
    ServiceAccount: {
      about: 'Who pods are for the API.',
      fields: {
        secrets: 'ObjectReference[] #2 merge:name keys:name | Secrets its pods may use.',
        imagePullSecrets: 'LocalObjectReference[] #3 | Secrets for pulling images.',
        automountServiceAccountToken: 'bool* #4 | Do its pods get a token?',
      },
    },
    Event: {
      about: 'Something that happened to an object.',
      fields: {
        involvedObject: 'ObjectReference #2 required | What it happened to.',
        reason: 'string #3 | What, in one word.',
        message: 'string #4 | What, for people.',
        source: 'any #5 | Who says so.',
        firstTimestamp: 'time #6 | When it happened first.',
        lastTimestamp: 'time #7 | When it happened last.',
        count: 'int #8 | How often.',
        type: 'string #9 | Normal or Warning.',
        eventTime: 'time #10 | When it was seen first.',
        series: 'any #11 | How often, in short.',
        action: 'string #12 | What was done.',
        related: 'ObjectReference #13 | Another object it is about.',
        reportingComponent: 'string #14 | Who says so.',
        reportingInstance: 'string #15 | Which of them.',
      },
    },
  },
}

const discovery: TypePackage = {
  name: 'io.k8s.api.discovery.v1',
  types: {
    EndpointSlice: {
      about: 'Some of the addresses behind a service, which the label kubernetes.io/service-name names.',
      fields: {
        addressType: 'string #4 required | IPv4, IPv6 or FQDN; never changes.',
        endpoints: 'SliceEndpoint[] #2 required | At most 1000.',
        ports: 'SliceEndpointPort[] #3 | The ports of each of them.',
      },
    },
    SliceEndpoint: {
      about: 'One endpoint behind a service.',
      fields: {
        addresses: 'string[] #1 required set | Its addresses; the first is the one that counts.',
        conditions: 'SliceEndpointConditions #2 | Its state.',
        hostname: 'string* #3 | The first label of its own name below the service.',
        targetRef: 'ObjectReference #4 | The object it belongs to.',
        nodeName: 'string* #6 | The node it is on.',
        zone: 'string* #7 | The zone it is in.',
        hints: 'any #8 | Whom it is meant for.',
        deprecatedTopology: 'string{} #5 | No longer used.',
      },
    },
    SliceEndpointConditions: {
      about: 'The state of an endpoint.',
      fields: {
        ready: 'bool* #1 | May it be used? Unset means yes.',
        serving: 'bool* #2 | Can it serve, even on its way out?',
        terminating: 'bool* #3 | Is it on its way out?',
      },
    },
    SliceEndpointPort: {
      about: 'A port of endpoints.',
      fields: {
        name: 'string* #1 | The name of the port of the service.',
        port: 'int* #3 | Its number; unset means all.',
        protocol: 'string* #2 | TCP (the default), UDP or SCTP.',
        appProtocol: 'string* #4 | The protocol of the application.',
      },
    },
  },
}

const coordination: TypePackage = {
  name: 'io.k8s.api.coordination.v1',
  types: {
    Lease: { about: 'Who holds something for a time.', fields: { spec: 'LeaseSpec #2 | What is wanted.' } },
    LeaseSpec: {
      about: 'Who holds it and for how long.',
      fields: {
        holderIdentity: 'string* #1 | Who holds it.',
        leaseDurationSeconds: 'int* #2 | For how long after renewTime.',
        acquireTime: 'time #3 | Since when.',
        renewTime: 'time #4 | When it was last renewed.',
        leaseTransitions: 'int* #5 | How often the holder changed.',
        strategy: 'string* #6 | How holders are chosen.',
        preferredHolder: 'string* #7 | Who should hold it.',
      },
    },
  },
}

const policy: TypePackage = {
  name: 'io.k8s.api.policy.v1',
  types: {
    PodDisruptionBudget: {
      about: 'How many pods may be missing on purpose: evictions hold to it.',
      fields: {
        spec: 'PodDisruptionBudgetSpec #2 | What is wanted.',
        status: 'PodDisruptionBudgetStatus #3 | What is; set by the system.',
      },
    },
    Eviction: {
      about: 'A wish that a pod go.',
      fields: {
        metadata: 'ObjectMeta #1 | Which pod.',
        deleteOptions: 'DeleteOptions #2 | How.',
      },
    },
    PodDisruptionBudgetSpec: {
      about: 'What is wanted of a budget.',
      fields: {
        minAvailable: 'int-or-string* #1 | How many must be there.',
        maxUnavailable: 'int-or-string* #3 | How many may be missing.',
        selector: 'LabelSelector #2 | Which pods are counted.',
        unhealthyPodEvictionPolicy: 'string* #4 | What becomes of pods that are not ready.',
      },
    },
    PodDisruptionBudgetStatus: {
      about: 'What became of a budget.',
      fields: {
        observedGeneration: 'int #1 | The generation this was seen of.',
        disruptionsAllowed: 'int #3 | How many more may go.',
        currentHealthy: 'int #4 | How many are there.',
        desiredHealthy: 'int #5 | How many must be there.',
        expectedPods: 'int #6 | How many are counted.',
        disruptedPods: 'time{} #2 | Those on their way out.',
        conditions: 'Condition[] #7 merge:type keys:type | Its state.',
      },
    },
  },
}

const autoscaling: TypePackage = {
  name: 'io.k8s.api.autoscaling.v2',
  types: {
    HorizontalPodAutoscaler: {
      about: 'Changes the number of replicas by load. Kept; the sandbox measures nothing.',
      fields: {
        spec: 'HorizontalPodAutoscalerSpec #2 | What is wanted.',
        status: 'any #3 | What is; set by the system.',
      },
    },
    HorizontalPodAutoscalerSpec: {
      about: 'What is wanted of an autoscaler.',
      fields: {
        scaleTargetRef: 'CrossVersionObjectReference #1 required | What it scales.',
        minReplicas: 'int* #2 | Fewest replicas.',
        maxReplicas: 'int #3 required | Most replicas.',
        metrics: 'any[] #4 | What it goes by.',
        behavior: 'any #5 | How fast.',
      },
    },
    CrossVersionObjectReference: {
      about: 'An object of the same namespace.',
      fields: {
        kind: 'string #1 required | Its kind.',
        name: 'string #2 required | Its name.',
        apiVersion: 'string #3 | Its group and version.',
      },
    },
  },
}

const scale: TypePackage = {
  name: 'io.k8s.api.autoscaling.v1',
  types: {
    Scale: {
      about: 'How many replicas something has: a view of it for scaling.',
      fields: { spec: 'ScaleSpec #2 | What is wanted.', status: 'ScaleStatus #3 | What is; set by the system.' },
    },
    ScaleSpec: { about: 'What is wanted.', fields: { replicas: 'int #1 | How many replicas.' } },
    ScaleStatus: {
      about: 'What is.',
      fields: { replicas: 'int #1 required | How many replicas.', selector: 'string #2 | Which pods they are.' },
    },
  },
}

const rbac: TypePackage = {
  name: 'io.k8s.api.rbac.v1',
  types: {
    Role: {
      about: 'What may be done in a namespace. Kept; the sandbox has rules of its own.',
      fields: { rules: 'PolicyRule[] #2 | What may be done.' },
    },
    ClusterRole: {
      about: 'What may be done. Kept; the sandbox has rules of its own.',
      fields: {
        rules: 'PolicyRule[] #2 | What may be done.',
        aggregationRule: 'any #3 | Which other roles it is made of.',
      },
    },
    RoleBinding: {
      about: 'Who has a role in a namespace.',
      fields: { subjects: 'Subject[] #2 | Who.', roleRef: 'RoleRef #3 required | Which role.' },
    },
    ClusterRoleBinding: {
      about: 'Who has a role.',
      fields: { subjects: 'Subject[] #2 | Who.', roleRef: 'RoleRef #3 required | Which role.' },
    },
    PolicyRule: {
      about: 'Something that may be done.',
      fields: {
        verbs: 'string[] #1 required | What.',
        apiGroups: 'string[] #2 | To which groups.',
        resources: 'string[] #3 | To which kinds.',
        resourceNames: 'string[] #4 | To which objects.',
        nonResourceURLs: 'string[] #5 | To which paths.',
      },
    },
    Subject: {
      about: 'Somebody.',
      fields: {
        kind: 'string #1 required | User, Group or ServiceAccount.',
        apiGroup: 'string #2 | The group of the kind.',
        name: 'string #3 required | The name.',
        namespace: 'string #4 | The namespace of a ServiceAccount.',
      },
    },
    RoleRef: {
      about: 'A role.',
      fields: {
        apiGroup: 'string #1 required | The group of the kind.',
        kind: 'string #2 required | Role or ClusterRole.',
        name: 'string #3 required | The name.',
      },
    },
  },
}

const multicluster: TypePackage = {
  name: 'io.x-k8s.multicluster.v1alpha1',
  types: {
    ServiceImport: {
      about: 'A service that several clusters have together (KEP-1645).',
      fields: {
        spec: 'ServiceImportSpec | What it is.',
        status: 'ServiceImportStatus | Where it comes from.',
      },
    },
    ServiceImportSpec: {
      about: 'How a service of several clusters is reached.',
      fields: {
        type: 'string | ClusterSetIP or Headless.',
        ips: 'string[] | The addresses of one that is a ClusterSetIP.',
        ipFamilies: 'string[] | The address families, IPv4 and IPv6.',
        ports: 'ServiceImportPort[] required | Its ports.',
        sessionAffinity: 'string | None or ClientIP.',
        sessionAffinityConfig: 'any | How long sessions last.',
        internalTrafficPolicy: 'string* | Cluster or Local: which endpoints traffic from inside goes to.',
        trafficDistribution: 'string* | A preference for endpoints that are near.',
      },
    },
    ServiceImportPort: {
      about: 'A port of a service of several clusters.',
      fields: {
        name: 'string | Needed where there are several; a DNS label.',
        protocol: 'string default:TCP | TCP (the default), UDP or SCTP.',
        appProtocol: 'string* | The protocol of the application.',
        port: 'int required | The number clients use.',
      },
    },
    ServiceImportStatus: {
      about: 'Where a service of several clusters comes from.',
      fields: {
        clusters: 'SourceCluster[] keys:cluster | The clusters that have it.',
        conditions: 'Condition[] keys:type | Its state.',
      },
    },
    SourceCluster: {
      about: 'A cluster that has a service.',
      fields: { cluster: 'string required | Its name.' },
    },
  },
}

const definition: TypePackage = {
  name: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
  types: {
    CustomResourceDefinition: {
      about: 'Makes a kind of objects.',
      fields: {
        spec: 'CustomResourceDefinitionSpec required | The kind.',
        status: 'CustomResourceDefinitionStatus | Is it served?',
      },
    },
    CustomResourceDefinitionSpec: {
      about: 'A kind and its versions.',
      fields: {
        group: 'string required | The group of the kind.',
        names: 'CustomResourceDefinitionNames required | What the kind is called.',
        scope: 'string required | Namespaced or Cluster.',
        versions: 'CustomResourceDefinitionVersion[] required | Its versions; one of them is the one that is stored.',
        conversion: 'any | How versions become each other; the sandbox serves only the stored one.',
        preserveUnknownFields: 'bool | Must be false.',
      },
    },
    CustomResourceDefinitionNames: {
      about: 'What a kind is called.',
      fields: {
        plural: 'string required | In paths; with the group it is the name of the definition.',
        singular: 'string | For people; the kind in lower case where it is left out.',
        kind: 'string required | In objects.',
        listKind: 'string | In lists of objects.',
        shortNames: 'string[] | For people who type.',
        categories: 'string[] | Groups of kinds that kubectl gets together, such as all.',
      },
    },
    CustomResourceDefinitionVersion: {
      about: 'One version of a kind.',
      fields: {
        name: 'string required | In paths: v1 and the like.',
        served: 'bool required | Can it be asked for?',
        storage: 'bool required | Is it the one that is stored?',
        deprecated: 'bool | Should its users be warned?',
        deprecationWarning: 'string* | How.',
        schema: 'CustomResourceValidation | What objects look like.',
        subresources: 'CustomResourceSubresources | What can be written apart.',
        additionalPrinterColumns: 'any[] | Columns for kubectl get.',
        selectableFields: 'any[] | What field selectors may name.',
      },
    },
    CustomResourceValidation: {
      about: 'What the objects of a version look like.',
      fields: { openAPIV3Schema: 'any | A schema: type, properties, required, items, enum and the like.' },
    },
    CustomResourceSubresources: {
      about: 'Parts of objects that can be written apart.',
      fields: { status: 'any | Has a status.', scale: 'any | Has a number of replicas.' },
    },
    CustomResourceDefinitionStatus: {
      about: 'Whether a kind is served.',
      fields: {
        acceptedNames: 'CustomResourceDefinitionNames | What it is called now.',
        conditions: 'Condition[] keys:type | NamesAccepted and Established.',
        storedVersions: 'string[] | Versions that were ever stored.',
        observedGeneration: 'int | The generation this was seen of.',
      },
    },
  },
}

export const clusterFields: readonly TypePackage[] = [
  ...[core, discovery, coordination, policy, autoscaling, scale, rbac],
  multicluster,
  definition,
]
