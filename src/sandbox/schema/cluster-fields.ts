// Fields of the kinds that are small or that the sandbox only keeps.
import type { TypePackage } from './schema.ts'

const core: TypePackage = {
  name: 'io.k8s.api.core.v1',
  types: {
    Namespace: {
      about: 'A part of the cluster in which names are unique.',
      fields: {
        spec: 'NamespaceSpec | What is wanted.',
        status: 'NamespaceStatus | What is; set by the system.',
      },
    },
    NamespaceSpec: {
      about: 'What is wanted of a namespace.',
      fields: { finalizers: 'string[] | Who has to do something before the namespace may go.' },
    },
    NamespaceStatus: {
      about: 'What became of a namespace.',
      fields: {
        phase: 'string | Active or Terminating.',
        conditions: 'any[] merge:type keys:type | Its state.',
      },
    },
    Node: {
      about: 'A machine that pods run on.',
      fields: {
        spec: 'NodeSpec | What is wanted.',
        status: 'NodeStatus | What is; set by the system.',
      },
    },
    NodeSpec: {
      about: 'What is wanted of a node.',
      fields: {
        podCIDR: 'string | The range its pods have their addresses from.',
        podCIDRs: 'string[] set merge | The same, per address family.',
        providerID: 'string | Which machine it is.',
        unschedulable: 'bool | Does it take no new pods?',
        taints: 'any[] | What pods have to put up with.',
        configSource: 'any | No longer used.',
        externalID: 'string | No longer used.',
      },
    },
    NodeStatus: {
      about: 'What became of a node.',
      fields: {
        addresses: 'NodeAddress[] merge:type keys:type | Its addresses.',
        conditions: 'NodeCondition[] merge:type keys:type | Its state.',
        capacity: 'quantity{} | What it has.',
        allocatable: 'quantity{} | What pods may use.',
        phase: 'string | No longer used.',
        nodeInfo: 'any | What runs on it.',
        daemonEndpoints: 'any | Where its kubelet listens.',
        images: 'any[] | Images it has.',
        volumesInUse: 'string[] | Volumes in use.',
        volumesAttached: 'any[] | Volumes attached.',
        config: 'any | No longer used.',
        runtimeHandlers: 'any[] | Runtimes it has.',
        features: 'any | What its runtime can do.',
        declaredFeatures: 'string[] | What it says it can do.',
      },
    },
    NodeAddress: {
      about: 'An address of a node.',
      fields: {
        type: 'string required | InternalIP, ExternalIP, Hostname and others.',
        address: 'string required | The address.',
      },
    },
    NodeCondition: {
      about: 'One aspect of the state of a node.',
      fields: {
        type: 'string required | Ready and others.',
        status: 'string required | True, False or Unknown.',
        lastHeartbeatTime: 'time | When it was last written.',
        lastTransitionTime: 'time | When the status last changed.',
        reason: 'string | Why, in one word.',
        message: 'string | Why, for people.',
      },
    },
    ConfigMap: {
      about: 'Text for programs to read.',
      fields: {
        data: 'string{} | Text by name.',
        binaryData: 'bytes{} | Other data by name.',
        immutable: 'bool | May it no longer change?',
      },
    },
    Secret: {
      about: 'Data that not everybody should see.',
      fields: {
        data: 'bytes{} | Data by name, in base64.',
        stringData: 'string{} | The same as text, for writing only.',
        type: 'string | What it is for.',
        immutable: 'bool | May it no longer change?',
      },
    },
    ServiceAccount: {
      about: 'Who pods are for the API.',
      fields: {
        secrets: 'ObjectReference[] merge:name keys:name | Secrets its pods may use.',
        imagePullSecrets: 'LocalObjectReference[] | Secrets for pulling images.',
        automountServiceAccountToken: 'bool | Do its pods get a token?',
      },
    },
    Event: {
      about: 'Something that happened to an object.',
      fields: {
        involvedObject: 'ObjectReference required | What it happened to.',
        reason: 'string | What, in one word.',
        message: 'string | What, for people.',
        source: 'any | Who says so.',
        firstTimestamp: 'time | When it happened first.',
        lastTimestamp: 'time | When it happened last.',
        count: 'int | How often.',
        type: 'string | Normal or Warning.',
        eventTime: 'time | When it was seen first.',
        series: 'any | How often, in short.',
        action: 'string | What was done.',
        related: 'ObjectReference | Another object it is about.',
        reportingComponent: 'string | Who says so.',
        reportingInstance: 'string | Which of them.',
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
        addressType: 'string required | IPv4, IPv6 or FQDN; never changes.',
        endpoints: 'SliceEndpoint[] required | At most 1000.',
        ports: 'SliceEndpointPort[] | The ports of each of them.',
      },
    },
    SliceEndpoint: {
      about: 'One endpoint behind a service.',
      fields: {
        addresses: 'string[] required set | Its addresses; the first is the one that counts.',
        conditions: 'SliceEndpointConditions | Its state.',
        hostname: 'string | The first label of its own name below the service.',
        targetRef: 'ObjectReference | The object it belongs to.',
        nodeName: 'string | The node it is on.',
        zone: 'string | The zone it is in.',
        hints: 'any | Whom it is meant for.',
        deprecatedTopology: 'string{} | No longer used.',
      },
    },
    SliceEndpointConditions: {
      about: 'The state of an endpoint.',
      fields: {
        ready: 'bool | May it be used? Unset means yes.',
        serving: 'bool | Can it serve, even on its way out?',
        terminating: 'bool | Is it on its way out?',
      },
    },
    SliceEndpointPort: {
      about: 'A port of endpoints.',
      fields: {
        name: 'string | The name of the port of the service.',
        port: 'int | Its number; unset means all.',
        protocol: 'string | TCP (the default), UDP or SCTP.',
        appProtocol: 'string | The protocol of the application.',
      },
    },
  },
}

const coordination: TypePackage = {
  name: 'io.k8s.api.coordination.v1',
  types: {
    Lease: { about: 'Who holds something for a time.', fields: { spec: 'LeaseSpec | What is wanted.' } },
    LeaseSpec: {
      about: 'Who holds it and for how long.',
      fields: {
        holderIdentity: 'string | Who holds it.',
        leaseDurationSeconds: 'int | For how long after renewTime.',
        acquireTime: 'time | Since when.',
        renewTime: 'time | When it was last renewed.',
        leaseTransitions: 'int | How often the holder changed.',
        strategy: 'string | How holders are chosen.',
        preferredHolder: 'string | Who should hold it.',
      },
    },
  },
}

const policy: TypePackage = {
  name: 'io.k8s.api.policy.v1',
  types: {
    PodDisruptionBudget: {
      about: 'How many pods may be missing on purpose. Kept; no eviction in the sandbox asks it.',
      fields: {
        spec: 'PodDisruptionBudgetSpec | What is wanted.',
        status: 'PodDisruptionBudgetStatus | What is; set by the system.',
      },
    },
    PodDisruptionBudgetSpec: {
      about: 'What is wanted of a budget.',
      fields: {
        minAvailable: 'int-or-string | How many must be there.',
        maxUnavailable: 'int-or-string | How many may be missing.',
        selector: 'LabelSelector | Which pods are counted.',
        unhealthyPodEvictionPolicy: 'string | What becomes of pods that are not ready.',
      },
    },
    PodDisruptionBudgetStatus: {
      about: 'What became of a budget.',
      fields: {
        observedGeneration: 'int | The generation this was seen of.',
        disruptionsAllowed: 'int | How many more may go.',
        currentHealthy: 'int | How many are there.',
        desiredHealthy: 'int | How many must be there.',
        expectedPods: 'int | How many are counted.',
        disruptedPods: 'time{} | Those on their way out.',
        conditions: 'Condition[] merge:type keys:type | Its state.',
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
        spec: 'HorizontalPodAutoscalerSpec | What is wanted.',
        status: 'any | What is; set by the system.',
      },
    },
    HorizontalPodAutoscalerSpec: {
      about: 'What is wanted of an autoscaler.',
      fields: {
        scaleTargetRef: 'CrossVersionObjectReference required | What it scales.',
        minReplicas: 'int | Fewest replicas.',
        maxReplicas: 'int required | Most replicas.',
        metrics: 'any[] | What it goes by.',
        behavior: 'any | How fast.',
      },
    },
    CrossVersionObjectReference: {
      about: 'An object of the same namespace.',
      fields: {
        kind: 'string required | Its kind.',
        name: 'string required | Its name.',
        apiVersion: 'string | Its group and version.',
      },
    },
  },
}

const scale: TypePackage = {
  name: 'io.k8s.api.autoscaling.v1',
  types: {
    Scale: {
      about: 'How many replicas something has: a view of it for scaling.',
      fields: { spec: 'ScaleSpec | What is wanted.', status: 'ScaleStatus | What is; set by the system.' },
    },
    ScaleSpec: { about: 'What is wanted.', fields: { replicas: 'int | How many replicas.' } },
    ScaleStatus: {
      about: 'What is.',
      fields: { replicas: 'int required | How many replicas.', selector: 'string | Which pods they are.' },
    },
  },
}

const rbac: TypePackage = {
  name: 'io.k8s.api.rbac.v1',
  types: {
    Role: {
      about: 'What may be done in a namespace. Kept; the sandbox has rules of its own.',
      fields: { rules: 'PolicyRule[] | What may be done.' },
    },
    ClusterRole: {
      about: 'What may be done. Kept; the sandbox has rules of its own.',
      fields: {
        rules: 'PolicyRule[] | What may be done.',
        aggregationRule: 'any | Which other roles it is made of.',
      },
    },
    RoleBinding: {
      about: 'Who has a role in a namespace.',
      fields: { subjects: 'Subject[] | Who.', roleRef: 'RoleRef required | Which role.' },
    },
    ClusterRoleBinding: {
      about: 'Who has a role.',
      fields: { subjects: 'Subject[] | Who.', roleRef: 'RoleRef required | Which role.' },
    },
    PolicyRule: {
      about: 'Something that may be done.',
      fields: {
        verbs: 'string[] required | What.',
        apiGroups: 'string[] | To which groups.',
        resources: 'string[] | To which kinds.',
        resourceNames: 'string[] | To which objects.',
        nonResourceURLs: 'string[] | To which paths.',
      },
    },
    Subject: {
      about: 'Somebody.',
      fields: {
        kind: 'string required | User, Group or ServiceAccount.',
        apiGroup: 'string | The group of the kind.',
        name: 'string required | The name.',
        namespace: 'string | The namespace of a ServiceAccount.',
      },
    },
    RoleRef: {
      about: 'A role.',
      fields: {
        apiGroup: 'string required | The group of the kind.',
        kind: 'string required | Role or ClusterRole.',
        name: 'string required | The name.',
      },
    },
  },
}

export const clusterFields: readonly TypePackage[] = [core, discovery, coordination, policy, autoscaling, scale, rbac]
