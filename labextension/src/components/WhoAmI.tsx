import * as React from 'react';

import type { AccessList, Status } from '../api/types';
import { instant } from '../format';
import type { Format } from '../format';

/** A fact about the account, by name. */
type Fact = readonly [name: string, value: string];

/** List whom the server takes the person for, where, with which permissions, and how it knows. */
export function listFacts(status: Status, format: Format, now: number): Fact[] {
  const { trans } = format;
  const unknown = trans.__('not known');
  const joined = (...parts: string[]): string => parts.filter(part => part !== '').join(', ');
  const facts: Fact[] = [
    [trans.__('Namespace'), joined(status.namespace || trans.__('none'), status.source.replace(/\.$/, ''))],
    [trans.__('Account'), status.identity || trans.__('%1; no token names it', unknown)],
    [trans.__('Rights'), describeRights(status, format)],
    [trans.__('Address'), status.endpoint || unknown],
    [
      trans.__('Kubeflow Pipelines'),
      status.connected
        ? joined(status.kfp_version || unknown, status.multi_user ? trans.__('multi-user') : trans.__('single-user'))
        : trans.__('%1; not connected', unknown)
    ],
    [trans.__('Credential'), joined(status.credential || trans.__('none is sent'), describeValidity(status, format, now))],
    ...status.warnings.map((warning): Fact => [trans.__('Note'), warning.message])
  ];
  const others = describeOthers(status, format);
  return others ? [...facts, [trans.__('What others can see'), others]] : facts;
}

/** List who has access to the namespace, a line each, and what is not known of that. */
export function listAccess(access: AccessList): string[] {
  const grants = access.grants.map(grant => [grant.who, grant.role, grant.origin].join(' · '));
  return access.unread ? [...grants, access.unread] : grants;
}

/** Who am I, as a table of two columns; then who has access to the namespace. */
export function WhoAmI(props: {
  readonly facts: readonly Fact[];
  readonly access: AccessList | null;
  readonly trans: Format['trans'];
}): React.JSX.Element {
  const { access, trans } = props;
  return (
    <div className="jp-kfp">
      <dl className="jp-kfp-Pairs">
        {props.facts.map(([name, value]) => (
          <React.Fragment key={`${name} ${value}`}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </React.Fragment>
        ))}
      </dl>
      {access && <Access access={access} trans={trans} />}
    </div>
  );
}

function Access({ access, trans }: { readonly access: AccessList; readonly trans: Format['trans'] }): React.JSX.Element {
  const title = access.namespace ? trans.__('Who has access to %1', access.namespace) : trans.__('Who has access');
  return (
    <section aria-label={title}>
      <h3 className="jp-kfp-Artifacts-title">{title}</h3>
      {access.grants.length > 0 && (
        <table className="jp-kfp-Table">
          <thead>
            <tr>
              <th scope="col">{trans.__('Who')}</th>
              <th scope="col">{trans.__('Role')}</th>
              <th scope="col">{trans.__('From')}</th>
            </tr>
          </thead>
          <tbody>
            {access.grants.map(grant => (
              <tr key={[grant.who, grant.role, grant.origin].join(' ')}>
                <td>{grant.who}</td>
                <td>{grant.role}</td>
                <td>{grant.origin}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {access.unread && <p>{access.unread}</p>}
    </section>
  );
}

function describeRights(status: Status, { trans }: Format): string {
  if (status.can_run === null) {
    return trans.__('not known; Kubernetes does not say');
  }
  if (status.error) {
    return trans.__('may not look');
  }
  return status.can_run ? trans.__('may run') : trans.__('may look but not run');
}

function describeValidity(status: Status, format: Format, now: number): string {
  const { trans } = format;
  const ends = instant(status.token_expires_at);
  if (ends === null) {
    return '';
  }
  if (ends <= now) {
    return trans.__('ended %1', format.exact(status.token_expires_at));
  }
  const left = format.duration((ends - now) / 1000);
  // The kubelet and the embedded server renew their tokens; the person renews a file of their own.
  const renewed = status.embedded || status.credential.startsWith('/var/run/secrets/');
  return renewed ? trans.__('valid %1, renewed by itself', left) : trans.__('valid %1', left);
}

/** Describe what the namespaces of this KFP do not keep apart. */
function describeOthers(status: Status, { trans }: Format): string {
  if (!status.connected) {
    return '';
  }
  if (!status.multi_user) {
    return trans.__('Everything: this KFP has no separate users.');
  }
  return status.embedded
    ? trans.__('Nothing but shared pipelines.')
    : trans.__('Shared pipelines, the metadata of artifacts, and artifacts in a folder that namespaces share.');
}
