// Fields of apimachinery's types, meta/v1.
import type { TypePackage } from './schema.ts'

export const metaFields: TypePackage = {
  name: 'io.k8s.apimachinery.pkg.apis.meta.v1',
  types: {
    ObjectMeta: {
      about: 'What all objects have: who they are, what marks them, and how long they live.',
      fields: {
        name: 'string | Unique among the objects of a kind in a namespace; never changes.',
        generateName: 'string | Where no name is given, the server makes one that begins with this.',
        namespace: 'string | The namespace the object lives in; never changes.',
        selfLink: 'string | No longer set by the server.',
        uid: 'string | Unique over time and space; set by the server.',
        resourceVersion:
          'string | Changes with every change of the object. An update that gives another one than the current is refused.',
        generation: 'int | Counts the changes of what is wanted; set by the server.',
        creationTimestamp: 'time | Set by the server.',
        deletionTimestamp: 'time | When the object will be gone at the latest; set once its deletion was asked for.',
        deletionGracePeriodSeconds: 'int | How long the object may take to end.',
        labels: 'string{} | Names and values by which objects are chosen.',
        annotations: 'string{} | Names and values for tools; not for choosing objects.',
        ownerReferences:
          'OwnerReference[] merge:uid keys:uid | What this object belongs to: when all of that is gone, it goes too.',
        finalizers: 'string[] set merge | Who has to do something before the object may go.',
        managedFields: 'ManagedFieldsEntry[] | Which manager applied which fields; kept by the server.',
      },
    },
    OwnerReference: {
      about: 'An object that this one belongs to, in the same namespace or without one.',
      fields: {
        apiVersion: 'string required | Group and version of the owner.',
        kind: 'string required | Kind of the owner.',
        name: 'string required | Name of the owner.',
        uid: 'string required | UID of the owner.',
        controller: 'bool | Does this owner look after the object?',
        blockOwnerDeletion: 'bool | Does the owner, deleted in the foreground, wait for this object?',
      },
    },
    ManagedFieldsEntry: {
      about: 'The fields that one manager has applied.',
      fields: {
        manager: 'string | Who applied them.',
        operation: 'string | Apply or Update.',
        apiVersion: 'string | Version the fields are written in.',
        time: 'time | When they last changed.',
        fieldsType: 'string | Always FieldsV1.',
        fieldsV1: 'any | The fields, as a tree.',
        subresource: 'string | The subresource they were applied through.',
      },
    },
    LabelSelector: {
      about: 'Chooses objects by their labels; all conditions must hold.',
      fields: {
        matchLabels: 'string{} | Labels that must have these values.',
        matchExpressions: 'LabelSelectorRequirement[] | Conditions of other forms.',
      },
    },
    LabelSelectorRequirement: {
      about: 'A condition on one label.',
      fields: {
        key: 'string required | Name of the label.',
        operator: 'string required | In, NotIn, Exists or DoesNotExist.',
        values: 'string[] | Values for In and NotIn.',
      },
    },
    Condition: {
      about: 'One aspect of the state of an object.',
      fields: {
        type: 'string required | Which aspect.',
        status: 'string required | True, False or Unknown.',
        observedGeneration: 'int | The generation this was seen of.',
        lastTransitionTime: 'time required | When the status last changed.',
        reason: 'string required | Why, in one word for programs.',
        message: 'string required | Why, for people.',
      },
    },
  },
}
