/** Whether the kernel has an object as the policy says (P7). */
export type ObjectState =
  | { readonly configuration: 'synchronized' }
  | { readonly configuration: 'pending' }
  | { readonly configuration: 'failed'; readonly reason: string };
