/** Answers a SelfSubjectAccessReview: everything is allowed but what is forbidden, as `verb plural`. */
export function accessReview(body: unknown, forbidden: ReadonlySet<string>): object {
  const review = body as {
    readonly spec: {
      readonly resourceAttributes: {
        readonly verb: string;
        readonly resource: string;
        readonly subresource?: string;
      };
    };
  };
  const { verb, resource, subresource } = review.spec.resourceAttributes;
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  return { ...review, status: { allowed: !forbidden.has(`${verb} ${what}`) } };
}
