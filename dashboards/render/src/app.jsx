// The page: one board, as `window.input` has it, drawn with Grafana's scenes.
//
// input: {board, theme, width, range: {from, to, raw}, variables, data: {PANEL ID: {series, error}}, annotations}
// `window.state` says how far it is: {expected: panels, drawn: ids, problems: [{panel, message}]}.

import { createTheme, ThemeContext } from '@grafana/data';
import { GlobalStyles, PortalContainer } from '@grafana/ui';
import { config } from '@grafana/runtime';
import { createRoot } from 'react-dom/client';
import { MemoryRouter } from 'react-router-dom';
import { prepare } from './grafana';
import { scene } from './scene';
import { Heading } from './heading';
import { Boundary, problem, report } from './report';

function main() {
  const { board, theme: mode, width, range, variables, data, annotations } = window.input;
  const theme = createTheme({ colors: { mode } });
  config.theme2 = theme;
  prepare(board, theme);
  const drawn = scene(board, range, variables, data, annotations);
  document.body.style.background = theme.colors.background.canvas;
  createRoot(document.getElementById('root')).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <MemoryRouter>
        <Boundary panel="the page">
          <div style={{ width, boxSizing: 'border-box', padding: '0 16px 16px', color: theme.colors.text.primary }}>
            <Heading board={board} />
            <drawn.Component model={drawn} />
          </div>
        </Boundary>
      </MemoryRouter>
      <PortalContainer />
    </ThemeContext.Provider>
  );
}

try {
  main();
} catch (error) {
  problem('the page', error);
}
window.state = report;
