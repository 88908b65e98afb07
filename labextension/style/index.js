import './base.css';
import './panel.css';
import './runstable.css';
import './main.css';
import './runview.css';
import './submitform.css';
import './pipeline.css';
