const SWITCHES = ['AsJob', 'PassThru', 'WhatIf', 'Confirm', 'Verbose', 'Debug'] as const;

/** Where and how a command runs; nothing that a policy says. */
const COMMON = [
  ...SWITCHES,
  'CimSession',
  'Session',
  'ThrottleLimit',
  'ErrorAction',
  'EA',
  'ErrorVariable',
  'EV',
  'WarningAction',
  'WA',
  'WarningVariable',
  'WV',
  'InformationAction',
  'InformationVariable',
  'OutVariable',
  'OV',
  'OutBuffer',
  'OB',
  'PipelineVariable',
] as const;

/** The four cmdlets that policy scripts are made of (module NetWNV), as their documentation spells them. */
const CMDLETS = {
  'New-NetVirtualizationLookupRecord': {
    required: ['VirtualSubnetID', 'CustomerAddress', 'ProviderAddress', 'MACAddress', 'Rule'],
    optional: [
      'Type',
      'VMName',
      'CustomerID',
      'Context',
      'UseVmMACAddress',
      'Unusable',
      'Unsynchronized',
    ],
  },
  'New-NetVirtualizationCustomerRoute': {
    required: ['RoutingDomainID', 'VirtualSubnetID', 'DestinationPrefix', 'NextHop'],
    optional: ['Metric'],
  },
  'New-NetVirtualizationProviderAddress': {
    required: ['ProviderAddress', 'PrefixLength'],
    optional: ['InterfaceIndex', 'VlanID', 'MACAddress', 'ManagedByCluster'],
  },
  'New-NetVirtualizationProviderRoute': {
    required: ['DestinationPrefix', 'NextHop'],
    optional: ['InterfaceIndex', 'Metric'],
  },
} as const;

export type CmdletName = keyof typeof CMDLETS;
type OwnParameter = {
  [Name in CmdletName]:
    (typeof CMDLETS)[Name]['required'][number] | (typeof CMDLETS)[Name]['optional'][number];
}[CmdletName];
export type ParameterName = OwnParameter | (typeof COMMON)[number];

const CMDLET_NAMES = Object.keys(CMDLETS) as CmdletName[];

/** One of the four cmdlets, in any case of letters. */
export function cmdletNamed(name: string): CmdletName | undefined {
  return CMDLET_NAMES.find((cmdlet) => sameName(cmdlet, name));
}

/** The parameter meant by a name that is written out or, as PowerShell allows, unambiguously shortened. */
export function parameterNamed(cmdlet: CmdletName, name: string): ParameterName | undefined {
  const { required, optional } = CMDLETS[cmdlet];
  const all: readonly ParameterName[] = [...required, ...optional, ...COMMON];
  const exact = all.find((parameter) => sameName(parameter, name));
  if (exact !== undefined) return exact;
  const shortened = all.filter((parameter) => sameName(parameter.slice(0, name.length), name));
  return shortened.length === 1 ? shortened[0] : undefined;
}

export function requiredParameters(cmdlet: CmdletName): readonly ParameterName[] {
  return CMDLETS[cmdlet].required;
}

export function isSwitch(parameter: ParameterName): boolean {
  return SWITCHES.some((name) => name === parameter);
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
