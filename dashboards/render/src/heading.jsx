// A stand-in for Grafana's bar above a board: where one is, and the board's links.

import { Icon, LinkButton, useTheme2 } from '@grafana/ui';

export function Heading({ board }) {
  const theme = useTheme2();
  return (
    <header style={{ display: 'flex', flexWrap: 'wrap', gap: 8, alignItems: 'center', padding: '12px 0' }}>
      <span style={{ color: theme.colors.text.secondary }}>
        Dashboards <Icon name="angle-right" />
      </span>
      <strong style={{ flexGrow: 1 }}>{board.title}</strong>
      {(board.links ?? []).map((link) => (
        <LinkButton key={link.title} href={link.url || '#'} size="sm" variant="secondary" icon={link.asDropdown ? 'bars' : 'link'}>
          {link.title}
        </LinkButton>
      ))}
    </header>
  );
}
