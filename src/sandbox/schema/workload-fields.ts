// Fields of Deployments, ReplicaSets, StatefulSets, DaemonSets and ControllerRevisions.
import type { TypePackage } from './schema.ts'

const condition = (of: string) => ({
  about: `One aspect of the state of a ${of}.`,
  fields: {
    type: 'string #1 required | Which aspect.',
    status: 'string #2 required | True, False or Unknown.',
    lastTransitionTime: 'time #3 | When the status last changed.',
    reason: 'string #4 | Why, in one word.',
    message: 'string #5 | Why, for people.',
  },
})

export const workloadFields: TypePackage = {
  name: 'io.k8s.api.apps.v1',
  types: {
    Deployment: {
      about: 'Pods of one template, which is changed a few pods at a time.',
      fields: {
        spec: 'DeploymentSpec #2 | What is wanted.',
        status: 'DeploymentStatus #3 | What is; set by the system.',
      },
    },
    DeploymentSpec: {
      about: 'What is wanted of a Deployment.',
      fields: {
        replicas: 'int* #1 | How many pods; 1 by default.',
        selector:
          'LabelSelector #2 required | Which pods are its own; must fit the labels of the template; never changes.',
        template: 'PodTemplateSpec #3 required | What its pods are made from.',
        strategy: 'DeploymentStrategy #4 retain | How old pods give way to new ones.',
        minReadySeconds: 'int #5 | How long a pod has to be ready to count as available.',
        revisionHistoryLimit: 'int* #6 | How many old ReplicaSets are kept for going back; 10 by default.',
        paused: 'bool #7 | Do changes of the template wait?',
        progressDeadlineSeconds: 'int* #9 | How long a change may take before it counts as failed; 600 by default.',
      },
    },
    DeploymentStrategy: {
      about: 'How old pods give way to new ones.',
      fields: {
        type: 'string #1 | RollingUpdate (the default) or Recreate.',
        rollingUpdate: 'RollingUpdateDeployment #2 | For RollingUpdate.',
      },
    },
    RollingUpdateDeployment: {
      about: 'How many pods may be missing or too many during a change.',
      fields: {
        maxUnavailable: 'int-or-string* #1 | How many may be missing, as a number or a percentage; 25% by default.',
        maxSurge: 'int-or-string* #2 | How many may be too many, as a number or a percentage; 25% by default.',
      },
    },
    DeploymentStatus: {
      about: 'What became of a Deployment.',
      fields: {
        observedGeneration: 'int #1 | The generation this was seen of.',
        replicas: 'int #2 | How many pods there are.',
        updatedReplicas: 'int #3 | How many of them are of the present template.',
        readyReplicas: 'int #7 | How many are ready.',
        availableReplicas: 'int #4 | How many have been ready long enough.',
        unavailableReplicas: 'int #5 | How many are missing.',
        terminatingReplicas: 'int* #9 | How many are on their way out.',
        conditions: 'DeploymentCondition[] #6 merge:type keys:type | Its state.',
        collisionCount: 'int* #8 | How often a name was taken.',
      },
    },
    DeploymentCondition: {
      about: 'One aspect of the state of a Deployment.',
      fields: {
        type: 'string #1 required | Which aspect.',
        status: 'string #2 required | True, False or Unknown.',
        lastUpdateTime: 'time #6 | When it was last written.',
        lastTransitionTime: 'time #7 | When the status last changed.',
        reason: 'string #4 | Why, in one word.',
        message: 'string #5 | Why, for people.',
      },
    },
    ReplicaSet: {
      about: 'As many pods of one template as wanted.',
      fields: {
        spec: 'ReplicaSetSpec #2 | What is wanted.',
        status: 'ReplicaSetStatus #3 | What is; set by the system.',
      },
    },
    ReplicaSetSpec: {
      about: 'What is wanted of a ReplicaSet.',
      fields: {
        replicas: 'int* #1 | How many pods; 1 by default.',
        minReadySeconds: 'int #4 | How long a pod has to be ready to count as available.',
        selector: 'LabelSelector #2 required | Which pods are its own; never changes.',
        template: 'PodTemplateSpec #3 | What its pods are made from.',
      },
    },
    ReplicaSetStatus: {
      about: 'What became of a ReplicaSet.',
      fields: {
        replicas: 'int #1 required | How many pods there are.',
        fullyLabeledReplicas: 'int #2 | How many have all labels of the template.',
        readyReplicas: 'int #4 | How many are ready.',
        availableReplicas: 'int #5 | How many have been ready long enough.',
        terminatingReplicas: 'int* #7 | How many are on their way out.',
        observedGeneration: 'int #3 | The generation this was seen of.',
        conditions: 'ReplicaSetCondition[] #6 merge:type keys:type | Its state.',
      },
    },
    ReplicaSetCondition: condition('ReplicaSet'),
    StatefulSet: {
      about: 'Pods with ordinals, whose names stay when they are replaced.',
      fields: {
        spec: 'StatefulSetSpec #2 | What is wanted.',
        status: 'StatefulSetStatus #3 | What is; set by the system.',
      },
    },
    StatefulSetSpec: {
      about: 'What is wanted of a StatefulSet.',
      fields: {
        replicas: 'int* #1 | How many pods; 1 by default.',
        selector: 'LabelSelector #2 required | Which pods are its own; never changes.',
        template: 'PodTemplateSpec #3 required | What its pods are made from.',
        serviceName: 'string #5 | The headless service below which its pods have their names; never changes.',
        volumeClaimTemplates: 'any[] #4 | Claims made for each pod. Kept; the sandbox has no volumes.',
        podManagementPolicy: 'string #6 | OrderedReady (the default): one after the other; Parallel: all at once.',
        updateStrategy: 'StatefulSetUpdateStrategy #7 | How old pods give way to new ones.',
        revisionHistoryLimit: 'int* #8 | How many old templates are kept for going back; 10 by default.',
        minReadySeconds: 'int #9 | How long a pod has to be ready to count as available.',
        persistentVolumeClaimRetentionPolicy: 'any #10 | What becomes of claims.',
        ordinals: 'StatefulSetOrdinals #11 | How pods are numbered.',
      },
    },
    StatefulSetUpdateStrategy: {
      about: 'How old pods give way to new ones.',
      fields: {
        type: 'string #1 | RollingUpdate (the default), from the highest ordinal down, or OnDelete.',
        rollingUpdate: 'RollingUpdateStatefulSetStrategy #2 | For RollingUpdate.',
      },
    },
    RollingUpdateStatefulSetStrategy: {
      about: 'How far a change goes.',
      fields: {
        partition: 'int* #1 | Pods with lower ordinals stay as they are.',
        maxUnavailable: 'int-or-string* #2 | How many pods may be missing at a time.',
      },
    },
    StatefulSetOrdinals: {
      about: 'How pods are numbered.',
      fields: { start: 'int #1 | The first ordinal; 0 by default.' },
    },
    StatefulSetStatus: {
      about: 'What became of a StatefulSet.',
      fields: {
        observedGeneration: 'int #1 | The generation this was seen of.',
        replicas: 'int #2 required | How many pods there are.',
        readyReplicas: 'int #3 | How many are ready.',
        availableReplicas: 'int #11 | How many have been ready long enough.',
        currentReplicas: 'int #4 | How many are of currentRevision.',
        updatedReplicas: 'int #5 | How many are of updateRevision.',
        currentRevision: 'string #6 | The template before the change that is under way.',
        updateRevision: 'string #7 | The present template.',
        collisionCount: 'int* #9 | How often a name was taken.',
        conditions: 'StatefulSetCondition[] #10 merge:type keys:type | Its state.',
      },
    },
    StatefulSetCondition: condition('StatefulSet'),
    DaemonSet: {
      about: 'A pod of one template on every node that fits.',
      fields: {
        spec: 'DaemonSetSpec #2 | What is wanted.',
        status: 'DaemonSetStatus #3 | What is; set by the system.',
      },
    },
    DaemonSetSpec: {
      about: 'What is wanted of a DaemonSet.',
      fields: {
        selector:
          'LabelSelector #1 required | Which pods are its own; must fit the labels of the template; never changes.',
        template: 'PodTemplateSpec #2 required | What its pods are made from, and which nodes fit.',
        updateStrategy: 'DaemonSetUpdateStrategy #3 | How old pods give way to new ones.',
        minReadySeconds: 'int #4 | How long a pod has to be ready to count as available.',
        revisionHistoryLimit: 'int* #6 | How many old templates are kept for going back; 10 by default.',
      },
    },
    DaemonSetUpdateStrategy: {
      about: 'How old pods give way to new ones.',
      fields: {
        type: 'string #1 | RollingUpdate (the default), or OnDelete.',
        rollingUpdate: 'RollingUpdateDaemonSet #2 | For RollingUpdate.',
      },
    },
    RollingUpdateDaemonSet: {
      about: 'How many nodes are changed at a time.',
      fields: {
        maxUnavailable: 'int-or-string* #1 | On how many nodes the pod may be missing; 1 by default.',
        maxSurge:
          'int-or-string* #2 | On how many nodes the old pod stays until the new one is ready. Kept, and not obeyed.',
      },
    },
    DaemonSetStatus: {
      about: 'What became of a DaemonSet.',
      fields: {
        currentNumberScheduled: 'int #1 required | How many nodes have its pod, of those that should.',
        numberMisscheduled: 'int #2 required | How many nodes have its pod, of those that should not.',
        desiredNumberScheduled: 'int #3 required | How many nodes should have its pod.',
        numberReady: 'int #4 required | On how many it is ready.',
        observedGeneration: 'int #5 | The generation this was seen of.',
        updatedNumberScheduled: 'int #6 | On how many it is of the present template.',
        numberAvailable: 'int #7 | On how many it has been ready long enough.',
        numberUnavailable: 'int #8 | On how many it is missing.',
        collisionCount: 'int* #9 | How often a name was taken.',
        conditions: 'DaemonSetCondition[] #10 merge:type keys:type | Its state.',
      },
    },
    DaemonSetCondition: condition('DaemonSet'),
    ControllerRevision: {
      about: 'A template that a StatefulSet or DaemonSet had, kept for going back to it.',
      fields: {
        data: 'any #2 | The part of its owner, as a patch.',
        revision: 'int #3 required | Counts the changes.',
      },
    },
  },
}
