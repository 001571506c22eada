/**
 * The least that a path can be said to carry, in bytes of outer packet: what every host must be able
 * to take (RFC 1122 section 3.3.2). A smaller number is an attempt to make the gateway send crumbs.
 */
export const PATH_MTU_MIN = 576;
