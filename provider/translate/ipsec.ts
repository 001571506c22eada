import type { Problem } from '../../src/errors.js';
import {
  DEFAULT_MAIN_MODE,
  DEFAULT_QUICK_MODE,
  type AuthenticationTransformation,
  type CipherTransformation,
  type MainMode,
  type QuickMode,
} from '../../src/model/ipsec.js';
import type { TrafficSelectors } from '../../src/model/remote-connection.js';
import { formatPrefix, parsePrefix, type Prefix } from '../../src/net/prefix.js';
import type { MainModeDocument, QuickModeDocument } from '../ipsec-schemas.js';
import type { Ikev2ConnectionDocument } from '../remote-connection-schemas.js';
import { readText } from './reading.js';
import { isObject } from './shape.js';

/** @param value of the field `mainMode`, its shape checked */
export function readMainMode(value: unknown): MainMode {
  return { ...DEFAULT_MAIN_MODE, ...(isObject(value) && (value as MainModeDocument)) };
}

/** @param value of the field `quickMode`, its shape checked */
export function readQuickMode(value: unknown): QuickMode {
  const given = isObject(value) ? (value as QuickModeDocument) : {};
  return { ...DEFAULT_QUICK_MODE, ...given, ...transformations(given) };
}

/**
 * A cipher that protects integrity itself (GCM) stands in both fields; of a pair with one half
 * left out the other decides which default fits.
 */
function transformations({
  cipherTransformationConstant: cipher,
  authenticationTransformationConstant: authentication,
}: QuickModeDocument): Pick<
  QuickMode,
  'cipherTransformationConstant' | 'authenticationTransformationConstant'
> {
  const pair = (
    cipherTransformationConstant: CipherTransformation,
    authenticationTransformationConstant: AuthenticationTransformation,
  ) => ({ cipherTransformationConstant, authenticationTransformationConstant });
  if (cipher !== undefined)
    return pair(cipher, authentication ?? (isGcm(cipher) ? cipher : 'SHA256128'));
  if (authentication === undefined)
    return pair(
      DEFAULT_QUICK_MODE.cipherTransformationConstant,
      DEFAULT_QUICK_MODE.authenticationTransformationConstant,
    );
  return pair(isGcm(authentication) ? authentication : 'AES256', authentication);
}

type Gcm = CipherTransformation & AuthenticationTransformation;

function isGcm(name: CipherTransformation | AuthenticationTransformation): name is Gcm {
  return name.startsWith('GCM');
}

/** @param value of the field `trafficSelectors` */
export function readTrafficSelectors(
  value: unknown,
  problems: Problem[],
): TrafficSelectors | undefined {
  if (!isObject(value)) return undefined;
  const list = (name: 'local' | 'remote'): Prefix[] => {
    const items = value[name];
    if (!Array.isArray(items)) return [];
    return items.flatMap((text: unknown, index) => {
      const path = `/trafficSelectors/${name}/${index}`;
      const prefix = readText(problems, path, parsePrefix, text);
      return prefix === undefined ? [] : [prefix];
    });
  };
  return { local: list('local'), remote: list('remote') };
}

export function formatTrafficSelectors({
  local,
  remote,
}: TrafficSelectors): NonNullable<Ikev2ConnectionDocument['trafficSelectors']> {
  return { local: local.map(formatPrefix), remote: remote.map(formatPrefix) };
}
