// Fields of apimachinery's types, meta/v1.
import type { TypePackage } from './schema.ts'

export const metaFields: TypePackage = {
  name: 'io.k8s.apimachinery.pkg.apis.meta.v1',
  types: {
    ObjectMeta: {
      about: 'What all objects have: who they are, what marks them, and how long they live.',
      fields: {
        name: 'string #1 | Unique among the objects of a kind in a namespace; never changes.',
        generateName: 'string #2 | Where no name is given, the server makes one that begins with this.',
        namespace: 'string #3 | The namespace the object lives in; never changes.',
        selfLink: 'string #4 | No longer set by the server.',
        uid: 'string #5 | Unique over time and space; set by the server.',
        resourceVersion:
          'string #6 | Changes with every change of the object. An update that gives another one than the current is refused.',
        generation: 'int #7 | Counts the changes of what is wanted; set by the server.',
        creationTimestamp: 'time #8 | Set by the server.',
        deletionTimestamp: 'time #9 | When the object will be gone at the latest; set once its deletion was asked for.',
        deletionGracePeriodSeconds: 'int* #10 | How long the object may take to end.',
        labels: 'string{} #11 | Names and values by which objects are chosen.',
        annotations: 'string{} #12 | Names and values for tools; not for choosing objects.',
        ownerReferences:
          'OwnerReference[] #13 merge:uid keys:uid | What this object belongs to: when all of that is gone, it goes too.',
        finalizers: 'string[] #14 set merge | Who has to do something before the object may go.',
        managedFields: 'ManagedFieldsEntry[] #17 | Which manager applied which fields; kept by the server.',
      },
    },
    OwnerReference: {
      about: 'An object that this one belongs to, in the same namespace or without one.',
      fields: {
        apiVersion: 'string #5 required | Group and version of the owner.',
        kind: 'string #1 required | Kind of the owner.',
        name: 'string #3 required | Name of the owner.',
        uid: 'string #4 required | UID of the owner.',
        controller: 'bool* #6 | Does this owner look after the object?',
        blockOwnerDeletion: 'bool* #7 | Does the owner, deleted in the foreground, wait for this object?',
      },
    },
    ManagedFieldsEntry: {
      about: 'The fields that one manager has applied.',
      fields: {
        manager: 'string #1 | Who applied them.',
        operation: 'string #2 | Apply or Update.',
        apiVersion: 'string #3 | Version the fields are written in.',
        time: 'time #4 | When they last changed.',
        fieldsType: 'string #6 | Always FieldsV1.',
        fieldsV1: 'any #7 | The fields, as a tree.',
        subresource: 'string #8 | The subresource they were applied through.',
      },
    },
    LabelSelector: {
      about: 'Chooses objects by their labels; all conditions must hold.',
      fields: {
        matchLabels: 'string{} #1 | Labels that must have these values.',
        matchExpressions: 'LabelSelectorRequirement[] #2 | Conditions of other forms.',
      },
    },
    LabelSelectorRequirement: {
      about: 'A condition on one label.',
      fields: {
        key: 'string #1 required | Name of the label.',
        operator: 'string #2 required | In, NotIn, Exists or DoesNotExist.',
        values: 'string[] #3 | Values for In and NotIn.',
      },
    },
    DeleteOptions: {
      about: 'How something is deleted.',
      fields: {
        gracePeriodSeconds: 'int* #1 | How long it may take to end; 0 means at once.',
        preconditions: 'Preconditions #2 | What must hold, or nothing is deleted.',
        orphanDependents: 'bool* #3 | The old form of propagationPolicy.',
        propagationPolicy: 'string* #4 | Background, Foreground or Orphan: what becomes of what belongs to it.',
        dryRun: 'string[] #5 | All: only say what would happen.',
      },
    },
    Preconditions: {
      about: 'What must hold of an object.',
      fields: { uid: 'string* #1 | Its UID.', resourceVersion: 'string* #2 | Its version.' },
    },
    Condition: {
      about: 'One aspect of the state of an object.',
      fields: {
        type: 'string #1 required | Which aspect.',
        status: 'string #2 required | True, False or Unknown.',
        observedGeneration: 'int #3 | The generation this was seen of.',
        lastTransitionTime: 'time #4 required | When the status last changed.',
        reason: 'string #5 required | Why, in one word for programs.',
        message: 'string #6 required | Why, for people.',
      },
    },
  },
}
