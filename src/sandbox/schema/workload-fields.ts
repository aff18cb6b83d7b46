// Fields of Deployments, ReplicaSets, StatefulSets and ControllerRevisions.
import type { TypePackage } from './schema.ts'

const condition = (of: string) => ({
  about: `One aspect of the state of a ${of}.`,
  fields: {
    type: 'string required | Which aspect.',
    status: 'string required | True, False or Unknown.',
    lastUpdateTime: 'time | When it was last written.',
    lastTransitionTime: 'time | When the status last changed.',
    reason: 'string | Why, in one word.',
    message: 'string | Why, for people.',
  },
})

export const workloadFields: TypePackage = {
  name: 'io.k8s.api.apps.v1',
  types: {
    Deployment: {
      about: 'Pods of one template, which is changed a few pods at a time.',
      fields: {
        spec: 'DeploymentSpec | What is wanted.',
        status: 'DeploymentStatus | What is; set by the system.',
      },
    },
    DeploymentSpec: {
      about: 'What is wanted of a Deployment.',
      fields: {
        replicas: 'int | How many pods; 1 by default.',
        selector:
          'LabelSelector required | Which pods are its own; must fit the labels of the template; never changes.',
        template: 'PodTemplateSpec required | What its pods are made from.',
        strategy: 'DeploymentStrategy retain | How old pods give way to new ones.',
        minReadySeconds: 'int | How long a pod has to be ready to count as available.',
        revisionHistoryLimit: 'int | How many old ReplicaSets are kept for going back; 10 by default.',
        paused: 'bool | Do changes of the template wait?',
        progressDeadlineSeconds: 'int | How long a change may take before it counts as failed; 600 by default.',
      },
    },
    DeploymentStrategy: {
      about: 'How old pods give way to new ones.',
      fields: {
        type: 'string | RollingUpdate (the default) or Recreate.',
        rollingUpdate: 'RollingUpdateDeployment | For RollingUpdate.',
      },
    },
    RollingUpdateDeployment: {
      about: 'How many pods may be missing or too many during a change.',
      fields: {
        maxUnavailable: 'int-or-string | How many may be missing, as a number or a percentage; 25% by default.',
        maxSurge: 'int-or-string | How many may be too many, as a number or a percentage; 25% by default.',
      },
    },
    DeploymentStatus: {
      about: 'What became of a Deployment.',
      fields: {
        observedGeneration: 'int | The generation this was seen of.',
        replicas: 'int | How many pods there are.',
        updatedReplicas: 'int | How many of them are of the present template.',
        readyReplicas: 'int | How many are ready.',
        availableReplicas: 'int | How many have been ready long enough.',
        unavailableReplicas: 'int | How many are missing.',
        terminatingReplicas: 'int | How many are on their way out.',
        conditions: 'DeploymentCondition[] merge:type keys:type | Its state.',
        collisionCount: 'int | How often a name was taken.',
      },
    },
    DeploymentCondition: condition('Deployment'),
    ReplicaSet: {
      about: 'As many pods of one template as wanted.',
      fields: {
        spec: 'ReplicaSetSpec | What is wanted.',
        status: 'ReplicaSetStatus | What is; set by the system.',
      },
    },
    ReplicaSetSpec: {
      about: 'What is wanted of a ReplicaSet.',
      fields: {
        replicas: 'int | How many pods; 1 by default.',
        minReadySeconds: 'int | How long a pod has to be ready to count as available.',
        selector: 'LabelSelector required | Which pods are its own; never changes.',
        template: 'PodTemplateSpec | What its pods are made from.',
      },
    },
    ReplicaSetStatus: {
      about: 'What became of a ReplicaSet.',
      fields: {
        replicas: 'int required | How many pods there are.',
        fullyLabeledReplicas: 'int | How many have all labels of the template.',
        readyReplicas: 'int | How many are ready.',
        availableReplicas: 'int | How many have been ready long enough.',
        terminatingReplicas: 'int | How many are on their way out.',
        observedGeneration: 'int | The generation this was seen of.',
        conditions: 'ReplicaSetCondition[] merge:type keys:type | Its state.',
      },
    },
    ReplicaSetCondition: condition('ReplicaSet'),
    StatefulSet: {
      about: 'Pods with ordinals, whose names stay when they are replaced.',
      fields: {
        spec: 'StatefulSetSpec | What is wanted.',
        status: 'StatefulSetStatus | What is; set by the system.',
      },
    },
    StatefulSetSpec: {
      about: 'What is wanted of a StatefulSet.',
      fields: {
        replicas: 'int | How many pods; 1 by default.',
        selector: 'LabelSelector required | Which pods are its own; never changes.',
        template: 'PodTemplateSpec required | What its pods are made from.',
        serviceName: 'string | The headless service below which its pods have their names; never changes.',
        volumeClaimTemplates: 'any[] | Claims made for each pod. Kept; the sandbox has no volumes.',
        podManagementPolicy: 'string | OrderedReady (the default): one after the other; Parallel: all at once.',
        updateStrategy: 'StatefulSetUpdateStrategy | How old pods give way to new ones.',
        revisionHistoryLimit: 'int | How many old templates are kept for going back; 10 by default.',
        minReadySeconds: 'int | How long a pod has to be ready to count as available.',
        persistentVolumeClaimRetentionPolicy: 'any | What becomes of claims.',
        ordinals: 'StatefulSetOrdinals | How pods are numbered.',
      },
    },
    StatefulSetUpdateStrategy: {
      about: 'How old pods give way to new ones.',
      fields: {
        type: 'string | RollingUpdate (the default), from the highest ordinal down, or OnDelete.',
        rollingUpdate: 'RollingUpdateStatefulSetStrategy | For RollingUpdate.',
      },
    },
    RollingUpdateStatefulSetStrategy: {
      about: 'How far a change goes.',
      fields: {
        partition: 'int | Pods with lower ordinals stay as they are.',
        maxUnavailable: 'int-or-string | How many pods may be missing at a time.',
      },
    },
    StatefulSetOrdinals: {
      about: 'How pods are numbered.',
      fields: { start: 'int | The first ordinal; 0 by default.' },
    },
    StatefulSetStatus: {
      about: 'What became of a StatefulSet.',
      fields: {
        observedGeneration: 'int | The generation this was seen of.',
        replicas: 'int required | How many pods there are.',
        readyReplicas: 'int | How many are ready.',
        availableReplicas: 'int | How many have been ready long enough.',
        currentReplicas: 'int | How many are of currentRevision.',
        updatedReplicas: 'int | How many are of updateRevision.',
        currentRevision: 'string | The template before the change that is under way.',
        updateRevision: 'string | The present template.',
        collisionCount: 'int | How often a name was taken.',
        conditions: 'StatefulSetCondition[] merge:type keys:type | Its state.',
      },
    },
    StatefulSetCondition: condition('StatefulSet'),
    ControllerRevision: {
      about: 'A template that a StatefulSet had, kept for going back to it.',
      fields: {
        data: 'any | The part of the StatefulSet, as a patch.',
        revision: 'int required | Counts the changes.',
      },
    },
  },
}
